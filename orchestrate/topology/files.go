package topology

import (
	"strings"
)

// What stands in a pattern of paths for a server.
const (
	patternServer  = "{server}"
	patternAddress = "{address}"
)

func algorithmWords() []string {
	words := []string{algorithmAuto}
	for _, algorithm := range Algorithms() {
		words = append(words, string(algorithm))
	}
	return words
}

func (t tlsSection) check(text *source, env Defaults) {
	checkDir(text, "tls.dir", t.dir)
	t.files.check(text, "tls", env)
	checkLocalPath(text, "tls.authority.passphrase_file", t.passphraseFile, env)
	checkPrintable(text, "tls.authority.passphrase_command", t.passphraseCommand)
	if t.passphraseFile.given() && t.passphraseCommand.given() {
		text.fault(t.passphraseCommand.line, "tls.authority: give one of passphrase_file and passphrase_command")
	}
	if t.source.value != string(SourceFiles) {
		return
	}
	for _, made := range []named{
		{"algorithm", t.algorithm},
		{"authority.passphrase_file", t.passphraseFile},
		{"authority.passphrase_command", t.passphraseCommand},
	} {
		if made.given() {
			text.fault(made.line, "tls.%s is of certificates that are made here, and tls.source: files makes none", made.key)
		}
	}
}

// named is a setting with its key.
type named struct {
	key string
	setting[string]
}

func (f filesSection) all() []named {
	return []named{{"ca", f.ca}, {"cert", f.cert}, {"key", f.key}, {"chain", f.chain}, {"crl", f.crl}}
}

func (f filesSection) check(text *source, path string, env Defaults) {
	for _, file := range f.all() {
		checkLocalPath(text, path+"."+file.key, file.setting, env)
		rest := strings.NewReplacer(patternServer, "", patternAddress, "").Replace(file.value)
		if strings.ContainsAny(rest, "{}") {
			text.fault(file.line, "%s.%s: %s and %s are what can stand in braces", path, file.key, patternServer, patternAddress)
		}
	}
}

// checkGiven looks whether each server has its files exactly where they are to be taken.
func (inv *inventory) checkGiven(text *source) {
	if inv.tls.source.value != string(SourceFiles) {
		inv.checkNotGiven(text)
		return
	}
	for _, key := range []string{"ca", "cert", "key"} {
		if lacking := inv.lacking(key); len(lacking) > 0 {
			text.fault(inv.tls.source.line, "tls.source: files needs tls.%s, for all servers or in servers.NAME.tls, for %s", key, strings.Join(lacking, ", "))
		}
	}
	inv.checkShared(text)
}

// lacking are the servers for which no file is named.
func (inv *inventory) lacking(key string) []string {
	var names []string
	for _, server := range inv.servers {
		for _, file := range server.files.all() {
			if file.key == key && file.value == "" && !file.given() {
				names = append(names, oneLine(server.name.value))
			}
		}
	}
	return names
}

func (inv *inventory) checkNotGiven(text *source) {
	sections := []filesSection{inv.tls.files}
	for _, server := range inv.overrides {
		sections = append(sections, server.files)
	}
	for _, files := range sections {
		for _, file := range files.all() {
			if file.given() {
				text.fault(file.line, "tls.%s names a file of your own: set tls.source: files", file.key)
			}
		}
	}
}

// checkShared refuses a key that goes with another certificate than at the server before it.
func (inv *inventory) checkShared(text *source) {
	certs := map[string]setting[string]{}
	for _, server := range inv.servers {
		paths := server.given(Defaults{})
		if paths.Key == "" || paths.Cert == "" {
			continue
		}
		if before, again := certs[paths.Key]; again && before.value != paths.Cert {
			text.fault(max(server.files.key.line, server.name.line), "the key %s of %s is also that of another certificate, %s: write {server} where the names differ",
				oneLine(paths.Key), oneLine(server.name.value), oneLine(before.value))
			return
		}
		certs[paths.Key] = setting[string]{paths.Cert, server.name.line}
	}
}
