package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// replicationUser is the account's name; its password is new in every lab.
const replicationUser = "repl"

// Up starts a lab: servers that replicate in plaintext, an sshd beside each, and the inventory that describes them. If that
// fails, what was started is ended and the folder stays for a look at the logs.
func Up(ctx context.Context, o Options) (*Lab, error) {
	me, err := whoAmI()
	if err != nil {
		return nil, err
	}
	l, err := design(ctx, &o, me)
	if err != nil {
		return nil, err
	}
	if err := prepareFolder(l.Dir, me); err != nil {
		return nil, err
	}
	if err := l.bringUp(ctx, o, me); err != nil {
		return nil, l.giveUp(ctx, err)
	}
	return l, nil
}

// design checks the options, fills in their defaults and lays the lab out, without touching the machine.
func design(ctx context.Context, o *Options, me person) (*Lab, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil || o.Dir == "" {
		return nil, errors.Join(errors.New("lab: no folder is given for it"), err)
	}
	o.Account = cmp.Or(o.Account, AccountPrimaryOnly)
	o.Replicas = max(0, cmp.Or(o.Replicas, 2))
	l := &Lab{
		Dir: dir, Admin: me.name, AdminPassword: newPassword(), SSHUser: me.name,
		Account: Account{User: replicationUser, Password: newPassword()},
	}
	for n := range o.Replicas + 1 {
		s := newServer(dir, n, o.ReplicatesFrom)
		if o.OneHost {
			s.shareHost(newServer(dir, 0, nil), dir)
		}
		l.Servers = append(l.Servers, s)
	}
	if err := l.checkOptions(*o); err != nil {
		return nil, err
	}
	if err := checkPath(dir, l.Servers[len(l.Servers)-1].Socket); err != nil {
		return nil, err
	}
	if l.SSHD, err = findSSHD(); err != nil {
		return nil, err
	}
	if err := l.equip(ctx, *o); err != nil {
		return nil, err
	}
	if o.Futile {
		return l, nil
	}
	return l, l.checkPairs()
}

// equip finds the programs of each server.
func (l *Lab) equip(ctx context.Context, o Options) error {
	f := finder{map[string]Programs{}}
	for i := range l.Servers {
		s := &l.Servers[i]
		tree, named := o.Servers[s.Name]
		if !named {
			tree = o.Server
		}
		var err error
		if s.Programs, err = f.programs(ctx, tree); err != nil {
			return err
		}
	}
	return nil
}

func (l *Lab) checkOptions(o Options) error {
	const most = 200 // addresses 127.0.0.2 to 127.0.0.254
	if o.Replicas > most {
		return fmt.Errorf("lab: %d replicas are asked for, and at most %d fit", o.Replicas, most)
	}
	modes := []AccountMode{AccountPrimaryOnly, AccountSome, AccountEverywhere}
	if !slices.Contains(modes, o.Account) {
		return fmt.Errorf("lab: the account cannot be on %q\nhint: choose primary, some or all", o.Account)
	}
	for _, replica := range slices.Sorted(maps.Keys(o.ReplicatesFrom)) {
		if err := l.checkSource(replica, o.ReplicatesFrom[replica]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.ExtraConfig)) {
		if _, err := l.Server(name); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Servers)) {
		if _, err := l.Server(name); err != nil {
			return err
		}
	}
	return nil
}

// checkSource wants a source that comes before its replica, which also rules out a circle.
func (l *Lab) checkSource(replica, source string) error {
	r, err := l.Server(replica)
	if err != nil {
		return err
	}
	s, err := l.Server(source)
	if err != nil {
		return err
	}
	if r.ReplicatesFrom == "" || s.ID >= r.ID {
		return fmt.Errorf("lab: %s cannot replicate from %s: a source comes before its replicas", replica, source)
	}
	return nil
}

func (l *Lab) bringUp(ctx context.Context, o Options, me person) error {
	if me.root {
		if err := readyForRoot(ctx); err != nil {
			return err
		}
	}
	if err := l.givePorts(ctx); err != nil {
		return err
	}
	if err := errors.Join(l.save(), l.writeFiles(o, me)); err != nil {
		return err
	}
	if err := l.startAll(ctx, me.serverUser()); err != nil {
		return err
	}
	return l.replicate(ctx, o)
}

func (l *Lab) startAll(ctx context.Context, serverUser string) error {
	templates, err := l.makeTemplates(ctx, serverUser)
	if err != nil {
		return err
	}
	err = l.each(func(s Server) error {
		if err := copyTemplate(templates[s.Programs], s.DataDir, serverUser); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		if first := l.Servers[0]; s.Name == first.Name || s.SSHConfigFile != first.SSHConfigFile {
			if err := l.StartSSH(ctx, s.Name); err != nil {
				return err
			}
		}
		return l.StartServer(ctx, s.Name)
	})
	if err != nil {
		return err
	}
	for _, dir := range templates {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}

// makeTemplates fills one data folder for the servers of the same programs.
func (l *Lab) makeTemplates(ctx context.Context, serverUser string) (map[Programs]string, error) {
	templates := map[Programs]string{}
	for _, s := range l.Servers {
		if templates[s.Programs] != "" {
			continue
		}
		dir := filepath.Join(l.Dir, fmt.Sprintf("template%d", len(templates)))
		if err := l.makeTemplate(ctx, s.Programs, dir, serverUser); err != nil {
			return nil, err
		}
		templates[s.Programs] = dir
	}
	return templates, nil
}

// giveUp ends what was started, also when the caller's context is over.
func (l *Lab) giveUp(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	hint := fmt.Errorf("hint: the logs are below %s; then: replssl lab down --dir %s --remove", l.Dir, l.Dir)
	return errors.Join(cause, l.Down(ctx), hint)
}
