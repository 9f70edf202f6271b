package orchestratetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/pki"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

// DoAll carries actions out, up to the first that fails.
func (w *World) DoAll(ctx context.Context, batch []plan.Action, note func(event.Event) error) (done int, err error) {
	for _, action := range batch {
		if err := w.Do(ctx, action, note); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// Do carries an action out.
func (w *World) Do(ctx context.Context, action plan.Action, note func(event.Event) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if w.hook != nil { // without the lock: it may look at the world
		if err := w.hook(action); err != nil {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.servers[action.Target()]; s != nil {
		if s.down != "" {
			return errors.New(s.down)
		}
		if err := s.refusal(action); err != nil {
			return err
		}
	}
	if s := w.servers[action.Target()]; s != nil && s.ended != "" && needsServer(action) {
		return fmt.Errorf("error 2002: Can't connect to local server: %s", s.ended)
	}
	w.log = append(w.log, action)
	return w.do(action, note)
}

func (w *World) do(action plan.Action, note func(event.Event) error) error {
	switch a := action.(type) {
	case plan.CreateAuthority:
		return w.createAuthority(a)
	case plan.PrepareAuthority:
		return w.prepareAuthority(a)
	case plan.PromoteAuthority:
		return w.promoteAuthority()
	case plan.RetireAuthority:
		w.retired = true
	case plan.ForgetAuthority:
		w.former = nil
	case plan.TrustSet:
		return w.trustSet(a)
	case plan.IssueLeaf:
		return w.issue(a)
	case plan.InstallSet:
		return w.install(a)
	case plan.SwitchSet:
		return switchTo(w.servers[a.Server], a.Version)
	case plan.UnswitchSet:
		return switchTo(w.servers[a.Server], 0)
	case plan.RepairSet:
		return w.repair(a)
	case plan.PruneSets:
		return w.prune(a)
	case plan.Persist:
		return w.persist(a, note)
	case plan.Unpersist:
		return w.unpersist(a)
	case plan.WriteConfig:
		w.servers[a.Server].config.Own = facts.Known(a.Text)
	case plan.RemoveConfig:
		w.servers[a.Server].config.Own = facts.Absent[string]()
	case plan.Restart:
		if err := w.restart(w.servers[a.Server]); err != nil {
			return err
		}
		return noteRead(w.servers[a.Server], note)
	case plan.ReloadTLS:
		if err := w.reload(w.servers[a.Server]); err != nil {
			return err
		}
		return noteRead(w.servers[a.Server], note)
	case plan.StopThreads:
		return w.onChannel(a.Channel, func(s *server, c *channel) error { w.stop(s, c, a.Threads); return nil })
	case plan.StartThreads:
		return w.onChannel(a.Channel, func(s *server, c *channel) error { w.start(s, c, a.Threads); return nil })
	case plan.ChangeTLS:
		return w.onChannel(a.Channel, func(s *server, c *channel) error { return changeTLS(s, c, a.Options) })
	case plan.Require:
		return w.require(a, note)
	default:
		return fmt.Errorf("the world does not know %T", action)
	}
	return nil
}

func (w *World) onChannel(id facts.ChannelID, do func(*server, *channel) error) error {
	s, c, err := w.channel(id)
	if err != nil {
		return err
	}
	return do(s, c)
}

// changeTLS purges the relay logs: what is received but not applied is fetched again.
func changeTLS(s *server, c *channel, options facts.TLSOptions) error {
	if d, err := dialect.For(s.instance.Version); err == nil && !d.ChangeNeedsBothStopped() {
		return changeTLSOfReceiver(c, options)
	}
	if c.Receiver.Runs() || c.Applier.Runs() {
		return errors.New("error 1198: This operation cannot be performed as you have a running replica; run STOP SLAVE first")
	}
	c.TLS, c.Read = options, c.Exec
	return nil
}

func (w *World) createAuthority(a plan.CreateAuthority) error {
	if w.authority != nil {
		return errors.New("there is an authority already")
	}
	authority, err := pki.NewAuthority(w.by(a.Key), a.Cluster)
	if err != nil {
		return err
	}
	w.authority, w.noStore = &authority, false
	return nil
}

func (w *World) issue(a plan.IssueLeaf) error {
	l := a.Leaf
	if w.authority == nil {
		return errors.New("there is no authority")
	}
	dns, ips := pki.SplitNames(l.Names)
	made, err := w.authority.Issue(w.by(a.Key), pki.LeafRequest{Server: string(l.Server), CommonName: a.CommonName, DNS: dns, IPs: ips})
	if err != nil {
		return err
	}
	if w.leaves[l.Server] == nil {
		w.leaves[l.Server] = map[int]leaf{}
	}
	w.leaves[l.Server][l.Version] = leaf{
		ca: w.bundleHere(), cert: string(made.CertPEM()),
		key: string(l.Server) + " key " + strconv.Itoa(l.Version), public: pki.KeyFingerprint(made.Cert),
	}
	return nil
}

func (w *World) install(a plan.InstallSet) error {
	s := w.servers[a.Server]
	if s.dir.Kind == facts.DirOther {
		return errors.New(s.dir.Fault)
	}
	set, err := w.toInstall(a)
	if err != nil {
		return err
	}
	s.dir.Kind = facts.DirReal
	s.dir.Sets[a.Version] = set
	return nil
}

func switchTo(s *server, version int) error {
	if _, ok := s.dir.Sets[version]; !ok && version != 0 {
		return fmt.Errorf("%s has no certificate set %d", s.name, version)
	}
	s.dir.Current = version
	return nil
}

func (w *World) optionFile(s *server) string {
	d, err := dialect.For(s.instance.Version)
	if err != nil {
		return ""
	}
	dir := w.dirOf(s)
	text, err := d.OptionFile(s.config.Suffix, s.paths(dir))
	if err != nil {
		return ""
	}
	return text
}

func (w *World) require(a plan.Require, note func(event.Event) error) error {
	s := w.servers[a.Server]
	id := s.connection()
	if err := w.noteRequirement(a, s, id, note); err != nil {
		return &unsentError{err}
	}
	for _, row := range a.Rows {
		if !setRequirement(s.rows, row) {
			return fmt.Errorf("error 1396: Operation ALTER USER failed for '%s'@'%s'", a.User, row.Host)
		}
		if a.Binlog {
			w.replicateRequirement(a.Server, row)
		}
	}
	if a.Raises() {
		return nil
	}
	return note(event.RequirementRestored{Server: a.Server})
}

// unsentError says that an action failed before its effect.
type unsentError struct{ error }

// Unsent says that there is nothing to take back.
func (*unsentError) Unsent() bool { return true }

// Unwrap is the reason.
func (e *unsentError) Unwrap() error { return e.error }

func (w *World) noteRequirement(a plan.Require, s *server, id uint64, note func(event.Event) error) error {
	if !a.Raises() {
		return note(event.RequirementLifted{Server: a.Server, Beyond: a.KeepsTLS()})
	}
	w.judgeRequirement(a)
	for _, row := range a.Rows {
		if err := note(event.FoundRequirement(a.Server, row.Host, row.Former)); err != nil {
			return err
		}
	}
	return note(event.RequirementDated{Server: a.Server, Connection: id, Start: s.startID(), Beyond: a.KeepsTLS()})
}

// judgeRequirement keeps rule: where TLS is required last, no channel of the account may be in plaintext at that moment.
func (w *World) judgeRequirement(a plan.Require) {
	if w.cluster.Policy.Enforce != topology.EnforceLast {
		return
	}
	for _, id := range w.plaintext() {
		w.violate("TLS was required on %s while %s was in plaintext", a.Server, id)
	}
}

func setRequirement(rows []facts.AccountRow, change facts.RowChange) bool {
	i := slices.IndexFunc(rows, func(r facts.AccountRow) bool { return r.Host == change.Host })
	if i < 0 {
		return false
	}
	rows[i].Require = change.Wanted
	return true
}

// replicateRequirement lets the statement run down the chain: where the row is missing the applier stops.
func (w *World) replicateRequirement(source topology.ServerName, row facts.RowChange) {
	for _, desired := range w.cluster.ReplicasOf(source) {
		s := w.servers[desired.Name]
		for _, c := range s.channels {
			if c.Applier != facts.Yes {
				continue
			}
			if !setRequirement(s.rows, row) {
				c.Applier, c.ApplierError = facts.No, facts.ThreadError{Number: 1396, Text: "Error 'Operation ALTER USER failed'"}
				w.violate("the applier of %s stopped with 1396", s.name)
				continue
			}
			w.replicateRequirement(desired.Name, row)
		}
	}
}

func (s *server) startID() facts.StartID { return facts.StartID(fmt.Sprintf("%s/%d", s.name, s.start)) }
