package sshconfig

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// value is one that was set, as it is written.
type value struct {
	text string
	set  bool
}

func (v value) orText(text string) string {
	if v.set {
		return v.text
	}
	return text
}

// values are several of one line.
type values struct {
	texts []value
	set   bool
}

func (v values) or(texts ...string) []value {
	if v.set {
		return v.texts
	}
	return valuesOf(texts)
}

func valuesOf(texts []string) []value {
	all := make([]value, len(texts))
	for i, text := range texts {
		all[i] = value{text: text, set: true}
	}
	return all
}

// options is what the lines for a host have set.
type options struct {
	hostName, user, portText, hostKeyAlias value
	identitiesOnly, identityAgent          value
	revokedHostKeys, ignoreUnknown         value
	proxyCommand                           value
	identityFiles, certificateFiles        []value // each line adds one
	userKnownHosts, globalKnownHosts       values
	jump                                   []string
	jumpSet                                bool
}

func (o *options) port() int {
	port, _ := strconv.Atoi(o.portText.text) // judged when it was set
	return port
}

// host is the name to connect to. The alias stands for %h.
func (o *options) host(alias string) string {
	if !o.hostName.set {
		return alias
	}
	return strings.NewReplacer("%%", "%", "%h", alias).Replace(o.hostName.text)
}

// setting is what a line would set; nil for one that is not heeded, or that comes too late.
func (o *options) setting(key, rest string) (set func(), err error) {
	switch key {
	case "proxyjump":
		return o.setJump(rest)
	case "proxycommand":
		return o.setProxyCommand(rest), nil
	}
	words, err := split(rest)
	if err != nil && o.heeds(key) {
		return nil, err
	}
	switch key {
	case "identityfile", "identityfile2":
		return one(words, func(text string) { o.identityFiles = added(o.identityFiles, text) })
	case "certificatefile":
		return one(words, func(text string) { o.certificateFiles = added(o.certificateFiles, text) })
	case "userknownhostsfile":
		return several(words, &o.userKnownHosts)
	case "globalknownhostsfile":
		return several(words, &o.globalKnownHosts)
	case "canonicalizehostname":
		if len(words) == 1 && words[0] != "no" {
			return nil, errors.New("names are not made canonical here: write the whole name as HostName")
		}
		return nil, nil
	}
	return o.setSingle(key, words)
}

// heeds tells whether a line matters.
func (o *options) heeds(key string) bool {
	return o.single(key) != nil ||
		slices.Contains([]string{"identityfile", "identityfile2", "certificatefile", "userknownhostsfile", "globalknownhostsfile", "canonicalizehostname"}, key)
}

// single is where the one value of a keyword goes; nil for all other keywords.
func (o *options) single(key string) *value {
	return map[string]*value{
		"hostname": &o.hostName, "user": &o.user, "port": &o.portText, "hostkeyalias": &o.hostKeyAlias,
		"identitiesonly": &o.identitiesOnly, "identityagent": &o.identityAgent, "revokedhostkeys": &o.revokedHostKeys, "ignoreunknown": &o.ignoreUnknown,
	}[key]
}

func (o *options) setSingle(key string, words []string) (func(), error) {
	into := o.single(key)
	switch {
	case into == nil:
		return nil, nil
	case len(words) != 1 || words[0] == "":
		return nil, fmt.Errorf("it wants one argument, and has %d", len(words))
	}
	if err := judge(key, words[0]); err != nil || into.set {
		return nil, err
	}
	text := words[0]
	if err := refuse(key, text); err != nil {
		return nil, err
	}
	if key == "identitiesonly" && text == "true" {
		text = "yes"
	}
	return func() { *into = value{text: text, set: true} }, nil
}

// judge refuses what ssh would refuse.
func judge(key, text string) error {
	switch key {
	case "port":
		if port, err := strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return fmt.Errorf("%q is not a port from 1 to 65535", text)
		}
	case "identitiesonly":
		if !slices.Contains([]string{"yes", "no", "true", "false"}, text) {
			return fmt.Errorf("%q is neither yes nor no", text)
		}
	case "hostname":
		if strings.Contains(strings.NewReplacer("%%", "", "%h", "").Replace(text), "%") {
			return fmt.Errorf("%q has a %% that stands for nothing: %%h is the host, %%%% a %%", text)
		}
	}
	return nil
}

// refuse tells of what ssh takes and what is not heeded here, where that would matter.
func refuse(key, text string) error {
	switch {
	case key == "revokedhostkeys" && !strings.EqualFold(text, "none"):
		return errors.New("such files are not read here: write the keys into a known_hosts file, as lines of @revoked * KEY")
	case key == "user" && (strings.Contains(text, "%") || strings.Contains(text, "${")):
		return fmt.Errorf("%q means one thing to old versions of ssh and another to new ones: write the name itself", text)
	}
	return nil
}

func one(words []string, set func(string)) (func(), error) {
	if len(words) != 1 || words[0] == "" {
		return nil, fmt.Errorf("it wants one argument, and has %d", len(words))
	}
	return func() { set(words[0]) }, nil
}

func several(words []string, into *values) (func(), error) {
	switch {
	case len(words) == 0:
		return nil, errors.New("it wants an argument")
	case into.set:
		return nil, nil
	}
	return func() { *into = values{texts: valuesOf(words), set: true} }, nil
}

func added(all []value, text string) []value {
	if slices.ContainsFunc(all, func(v value) bool { return v.text == text }) {
		return all
	}
	return append(all, value{text: text, set: true})
}

// setJump reads the jump hosts. They and the command compete: the first of either wins.
func (o *options) setJump(rest string) (func(), error) {
	hops := []string{}
	if !strings.EqualFold(rest, "none") {
		for _, hop := range strings.Split(rest, ",") {
			hop = strings.TrimSuffix(strings.TrimPrefix(strings.Trim(hop, blanks), "ssh://"), "/")
			if hop == "" || strings.ContainsAny(hop, blanks+`"'#`) {
				return nil, fmt.Errorf("%q is not a list of [user@]host[:port]", rest)
			}
			hops = append(hops, hop)
		}
	}
	if o.jumpSet || o.proxyCommand.set {
		return nil, nil
	}
	return func() { o.jump, o.jumpSet = hops, true }, nil
}

// setProxyCommand heeds a command also after "ProxyJump none", as ssh does (tried on OpenSSH 9.2).
func (o *options) setProxyCommand(rest string) func() {
	if len(o.jump) > 0 || o.proxyCommand.set {
		return nil
	}
	if strings.EqualFold(rest, "none") {
		rest = ""
	}
	return func() { o.proxyCommand = value{text: rest, set: true} }
}
