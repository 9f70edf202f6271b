package ssh_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/remotetest"
	"github.com/replssl/replssl/remote/shell"
	"github.com/replssl/replssl/remote/ssh"
)

func TestNoMoreSessionsThanTheLimit(t *testing.T) {
	server := remotetest.Serve(t, remotetest.ServerOptions{MaxSessions: ssh.MaxSessions})
	client := open(t, configFor(server))
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			if _, err := client.Run(t.Context(), words("true")); err != nil {
				t.Error(err)
			}
			if n := client.Sessions(); n > ssh.MaxSessions {
				t.Errorf("%d sessions at once", n)
			}
		})
	}
	all.Wait()
	eventually(t, "the spare sessions are open", func() bool { return client.Idle() == ssh.Spare })
}

func TestAHostThatAllowsFewSessions(t *testing.T) {
	for _, most := range []int{1, 2} {
		for name, config := range map[string]ssh.Config{
			"kit":     configFor(remotetest.Serve(t, remotetest.ServerOptions{MaxSessions: most})),
			"OpenSSH": startOpenSSH(t, fmt.Sprint("MaxSessions ", most)),
		} {
			t.Run(fmt.Sprint(name, " ", most), func(t *testing.T) { oneByOneAndAtOnce(t, open(t, config)) })
		}
	}
}

func oneByOneAndAtOnce(t *testing.T, client *ssh.Client) {
	t.Helper()
	for range 5 {
		if _, err := client.Run(t.Context(), words("true")); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			want := fmt.Sprint("call ", i)
			if out, err := client.Run(t.Context(), words("printf", "%s", want)); err != nil || string(out.Stdout) != want {
				t.Errorf("%s: got %q, %v", want, out.Stdout, err)
			}
		})
	}
	all.Wait()
}

func TestAHostThatAllowsNoSessions(t *testing.T) {
	client := open(t, startOpenSSH(t, "MaxSessions 0"))
	for range 2 {
		_, err := client.Run(t.Context(), words("true"))
		var refused *gossh.OpenChannelError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), "real: running a command: opening a session") {
			t.Errorf("got %v", err)
		}
	}
}

func TestAWaitForASessionEndsWithItsContext(t *testing.T) {
	client := open(t, configFor(remotetest.Serve(t, remotetest.ServerOptions{MaxSessions: 1})))
	holding, release := context.WithCancel(t.Context())
	held := begin(t, client, remote.Command{Line: shell.Words("cat"), Stdin: until(holding)})
	eventually(t, "the only session is taken", func() bool { return client.Idle() == 0 && client.Sessions() == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := client.Run(ctx, words("true"))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "db1: waiting for one of the connection's sessions") {
		t.Errorf("got %v", err)
	}
	release()
	held()
	if _, err := client.Run(t.Context(), words("true")); err != nil {
		t.Error(err)
	}
}

func TestOpenedCommandsThatHoldAllSessions(t *testing.T) {
	client := open(t, configFor(remotetest.Serve(t, remotetest.ServerOptions{MaxSessions: 1})))
	client.HurrySessions(20 * time.Millisecond)
	eventually(t, "the limit is known", func() bool { return client.Idle() == 1 && client.Sessions() == 1 })
	kept, err := client.Open(t.Context(), shell.Words("cat"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Run(t.Context(), words("true"))
	var few *ssh.SessionsError
	if !errors.As(err, &few) || few.Most != 1 || !strings.Contains(few.Hint(), "MaxSessions 10") {
		t.Errorf("got %v", err)
	}
	if _, err := client.Open(t.Context(), shell.Words("cat")); !errors.As(err, &few) {
		t.Errorf("got %v", err)
	}
	client.HurrySessions(time.Minute)
	if err := kept.Close(); err != nil {
		t.Error(err)
	}
	if _, err := client.Run(t.Context(), words("true")); err != nil {
		t.Error(err)
	}
}

func TestSessionsThatTheHostEndsAreReplaced(t *testing.T) {
	server := remotetest.Serve(t, remotetest.ServerOptions{EndSessions: ssh.Spare})
	client := open(t, configFor(server))
	if _, err := client.Run(t.Context(), words("true")); err != nil {
		t.Error(err)
	}
	if server.Execs() != 1 {
		t.Errorf("the command was started %d times", server.Execs())
	}
}

func TestAHostThatEndsEverySession(t *testing.T) {
	client := open(t, configFor(remotetest.Serve(t, remotetest.ServerOptions{EndSessions: 1000})))
	_, err := client.Run(t.Context(), words("true"))
	if err == nil || !strings.Contains(err.Error(), "db1: running a command: the host ended the session and did not start the command") {
		t.Errorf("got %v", err)
	}
}

// until is a reader that ends with its context.
func until(ctx context.Context) *pending { return &pending{over: ctx.Done()} }

type pending struct{ over <-chan struct{} }

func (p *pending) Read([]byte) (int, error) {
	<-p.over
	return 0, io.EOF
}
