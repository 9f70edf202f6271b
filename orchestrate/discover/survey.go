package discover

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
	"github.com/replssl/replssl/remote"
)

// Survey looks at real hosts. Each is looked at once, so that the same may be asked again when a person has told more.
type Survey struct {
	Way  func(host string) (topology.Server, error) // the way to the host of that name
	Dial access.Dial
	Tell func(host string) // called before a host is looked at

	List topology.Hosts // another tool's list of hosts; nil: there is none

	mu     sync.Mutex
	looked map[string]looked
}

type looked struct {
	servers []Seen
	err     error
}

var _ Lookout = (*Survey)(nil)

// Servers looks at a host.
func (s *Survey) Servers(ctx context.Context, host string) ([]Seen, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := s.looked[host]; ok {
		return before.servers, before.err
	}
	s.Tell(host)
	servers, err := s.look(ctx, host)
	if s.looked == nil {
		s.looked = map[string]looked{}
	}
	s.looked[host] = looked{servers, err}
	return servers, err
}

// all is Ansible's name for the group of all hosts.
const all = "all"

// Known is the name that the list of hosts has for an address, where it has one.
func (s *Survey) Known(address string) string {
	if s.List == nil {
		return address
	}
	if _, ok, _ := s.List.Host(address); ok {
		return address
	}
	names, _ := s.List.Group(all)
	for _, name := range names {
		if route, _, err := s.List.Host(name); err == nil && route.Address == address {
			return name
		}
	}
	return address
}

// Address is what the list of hosts says. What ssh_config says holds for the name, and is looked up by it each time.
func (s *Survey) Address(host string) string {
	if s.List == nil {
		return host
	}
	if route, ok, err := s.List.Host(host); ok && err == nil && route.Address != "" {
		return route.Address
	}
	return host
}

// look reaches the host once, for all servers on it.
func (s *Survey) look(ctx context.Context, host string) ([]Seen, error) {
	server, err := s.Way(host)
	if err != nil {
		return nil, err
	}
	reached, err := s.Dial(ctx, server)
	if err != nil {
		return nil, err
	}
	defer func() { _ = reached.Close() }()
	dial := func(context.Context, topology.Server) (remote.Host, error) { return lent{reached}, nil }
	servers := access.New(topology.Cluster{Servers: []topology.Server{server}}, dial)
	defer func() { _ = servers.Close() }()
	found, err := servers.Find(ctx, server.Name)
	if err != nil {
		return nil, err
	}
	var list []Seen
	for _, local := range found {
		list = append(list, s.meet(ctx, server, local, dial))
	}
	return list, nil
}

// lent is a host whose connection somebody else closes.
type lent struct{ remote.Host }

func (lent) Close() error { return nil }

// meet asks one server of a host.
func (s *Survey) meet(ctx context.Context, server topology.Server, local access.Local, dial access.Dial) Seen {
	seen := Seen{Socket: local.Socket}
	var refused *access.LoginError
	switch {
	case errors.As(local.Err, &refused):
		seen.Err = &unknownError{refused.Error(), "name by --admin an account that the unix socket lets in without a password, as it does root: " +
			"log in as root by SSH, or become it by --sudo"}
		return seen
	case local.Err != nil:
		seen.Err = local.Err
		return seen
	}
	server.MySQL.Socket = local.Socket
	servers := access.New(topology.Cluster{Servers: []topology.Server{server}}, dial)
	defer func() { _ = servers.Close() }()
	seen.ask(ctx, servers.On(server.Name))
	if seen.Err != nil {
		seen.Err = fmt.Errorf("%s: the server behind %s: %w", server.Name, local.Socket, seen.Err)
	}
	return seen
}

// ask asks for everything. What is not known of a part is the error: a server that is half seen would be half written down.
func (seen *Seen) ask(ctx context.Context, asker access.Asker) {
	version := access.Ask(ctx, asker, dialect.Version())
	v := take(seen, version)
	if seen.Err != nil {
		return
	}
	d, err := dialect.For(v)
	if err != nil {
		seen.Err = err
		return
	}
	var q access.Questions
	var instance facts.Value[facts.Instance]
	var channels facts.Value[[]facts.Channel]
	var sessions facts.Value[dialect.Sessions]
	var registered facts.Value[[]dialect.Registered]
	var accounts facts.Value[[]dialect.ReplicationAccount]
	access.Add(&q, d.Instance(), &instance)
	access.Add(&q, d.Channels(), &channels)
	access.Add(&q, d.Sessions(false), &sessions)
	access.Add(&q, d.Registered(), &registered)
	access.Add(&q, d.ReplicationAccounts(), &accounts)
	q.Ask(ctx, asker)
	seen.Instance, seen.Channels = take(seen, instance), take(seen, channels)
	seen.DumpThreads = take(seen, sessions).DumpThreads
	seen.Registered, seen.Accounts = take(seen, registered), take(seen, accounts)
}

func take[T any](seen *Seen, v facts.Value[T]) T {
	var none T
	got, ok := v.Get()
	if !ok {
		if seen.Err == nil {
			seen.Err = &unknownError{v.Why(), v.Hint()}
		}
		return none
	}
	return got
}

// unknownError is why something is not known, with what helps.
type unknownError struct{ why, hint string }

func (e *unknownError) Error() string { return e.why }

// Hint is what a person can do; it may be empty.
func (e *unknownError) Hint() string { return e.hint }
