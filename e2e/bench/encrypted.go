package main

import (
	"context"
	"fmt"
	"time"

	"github.com/replssl/replssl/e2e/lab"
)

// mustBeDone fails unless the cluster comes to where both ways are to bring it: the account requires TLS, every channel demands it and
// runs, and a new row arrives. The servers are asked, not replssl.
func mustBeDone(ctx context.Context, l *lab.Lab) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := mustRequireTLS(ctx, l); err != nil {
		return err
	}
	for _, s := range l.Replicas() {
		if err := awaitEncrypted(ctx, l, s.Name); err != nil {
			return err
		}
	}
	if err := l.Exec(ctx, l.Primary().Name, "INSERT INTO shop.orders (note) VALUES ('afterwards')"); err != nil {
		return err
	}
	return l.WaitCaughtUp(ctx)
}

func mustRequireTLS(ctx context.Context, l *lab.Lab) error {
	const query = "SELECT JSON_VALUE(priv, '$.ssl_type') FROM mysql.global_priv WHERE user = ?"
	kind, err := l.Value(ctx, l.Primary().Name, query, l.Account.User)
	if err != nil {
		return err
	}
	if kind != "1" { // as the server notes REQUIRE SSL
		return fmt.Errorf("after the change the account %s does not require TLS: ssl_type is %q", l.Account.User, kind)
	}
	return nil
}

func awaitEncrypted(ctx context.Context, l *lab.Lab, replica string) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		why, err := whyNotEncrypted(ctx, l, replica)
		if err != nil || why == "" {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: after the change %s", replica, why)
		case <-ticker.C:
		}
	}
}

// whyNotEncrypted is empty for a running channel whose options refuse plaintext: options change only while the receiver is stopped.
func whyNotEncrypted(ctx context.Context, l *lab.Lab, replica string) (string, error) {
	status, err := l.SlaveStatus(ctx, replica)
	if err != nil {
		return "", err
	}
	for _, column := range []string{"Slave_IO_Running", "Slave_SQL_Running", "Master_SSL_Allowed", "Master_SSL_Verify_Server_Cert"} {
		if status[column] != "Yes" {
			return fmt.Sprintf("%s is %q: %s", column, status[column], status["Last_IO_Error"]), nil
		}
	}
	return "", nil
}
