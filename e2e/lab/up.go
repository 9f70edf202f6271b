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
	l, err := design(&o, me)
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
func design(o *Options, me person) (*Lab, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil || o.Dir == "" {
		return nil, errors.Join(errors.New("lab: no folder is given for it"), err)
	}
	o.Account = cmp.Or(o.Account, AccountPrimaryOnly)
	o.Replicas = max(0, cmp.Or(o.Replicas, 2))
	l := &Lab{Dir: dir, Admin: me.name, SSHUser: me.name, Account: Account{User: replicationUser, Password: newPassword()}}
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
	l.Programs, err = findPrograms(o.Server)
	return l, err
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
	return l.replicate(ctx, o.Account)
}

func (l *Lab) startAll(ctx context.Context, serverUser string) error {
	template := filepath.Join(l.Dir, "template")
	if err := l.makeTemplate(ctx, template, serverUser); err != nil {
		return err
	}
	err := l.each(func(s Server) error {
		if err := copyTemplate(template, s.DataDir, serverUser); err != nil {
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
	return os.RemoveAll(template)
}

// giveUp ends what was started, also when the caller's context is over.
func (l *Lab) giveUp(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	hint := fmt.Errorf("hint: the logs are below %s; then: replssl lab down --dir %s --remove", l.Dir, l.Dir)
	return errors.Join(cause, l.Down(ctx), hint)
}
