package lab

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"text/template"
)

//go:embed files
var files embed.FS

// view is what the templates in files see.
type view struct {
	Lab        *Lab
	Server     Server
	Options    options
	Programs   Programs // of the server
	ServerUser string
	Extra      []string
}

// options are those of the caller with what was found out about this machine.
type options struct {
	Options
	PAM bool
}

// writeFiles lays down everything that is known before a server runs.
func (l *Lab) writeFiles(o Options, p person) error {
	v := view{Lab: l, Options: options{o, p.locked()}, ServerUser: p.serverUser()}
	if err := v.render("replssl.yaml", l.Inventory(), 0o644); err != nil {
		return err
	}
	for _, s := range l.Servers {
		v.Server, v.Programs, v.Extra = s, s.Programs, slices.Concat(l.settings(s), o.ExtraConfig[s.Name])
		if err := v.writeServer(); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	if err := writeFile(l.AdminPasswordFile(), []byte(l.AdminPassword+"\n"), 0o600); err != nil {
		return err
	}
	return l.writeKeys()
}

func (v view) writeServer() error {
	s := v.Server
	for _, dir := range []string{s.Dir, s.ConfDir, s.runDir(), s.TempDir} {
		if err := makeDir(dir); err != nil && (dir != s.ConfDir || !errors.Is(err, fs.ErrExist)) {
			return err
		}
	}
	if err := errors.Join(giveTo(v.ServerUser, s.runDir()), giveTo(v.ServerUser, s.TempDir)); err != nil {
		return err
	}
	if err := v.render("my.cnf", s.settingsFile(), 0o644); err != nil {
		return err
	}
	if s.settingsFile() != s.DefaultsFile {
		if err := v.render("shared.cnf", s.DefaultsFile, 0o644); err != nil {
			return err
		}
	}
	if err := v.render("sshd_config", s.SSHConfigFile, 0o644); err != nil {
		return err
	}
	return v.render("restart.sh", s.RestartCommand, 0o755)
}

func (v view) render(name, path string, mode os.FileMode) error {
	t, err := template.ParseFS(files, "files/"+name+".tmpl")
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	var text bytes.Buffer
	if err := t.Execute(&text, v); err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	return writeFile(path, text.Bytes(), mode)
}

func makeDir(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	return nil
}
