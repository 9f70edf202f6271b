package dialect

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// StartThreads starts the threads that are asked for, of one channel; for none there is no statement. Starting a thread that
// runs gives note 1254 and no error; a channel that does not exist is refused with 1617, one without a host with 1200 (tried on
// MariaDB 10.11). The statement returns before the receiver is connected. An UNTIL condition of the threads is lost.
func (d Dialect) StartThreads(channel string, threads facts.Threads) ([]Statement, error) {
	return d.threadStatement(d.words.start, channel, threads)
}

// StopThreads stops the threads that are asked for, of one channel; for none there is no statement. Stopping a thread that is
// stopped gives note 1255 and no error; a channel that does not exist is refused with 1617. A receiver that is connecting stops
// at once (tried on MariaDB 10.11). The applier ends its event group first, which can take as long as the transaction.
func (d Dialect) StopThreads(channel string, threads facts.Threads) ([]Statement, error) {
	return d.threadStatement(d.words.stop, channel, threads)
}

func (d Dialect) threadStatement(verb, channel string, threads facts.Threads) ([]Statement, error) {
	name, err := d.channelName(channel)
	if err != nil {
		return nil, err
	}
	switch threads {
	case facts.Threads{}:
		return nil, nil
	case facts.Threads{Receiver: true}:
		return []Statement{d.words.onChannel(verb, name, " IO_THREAD")}, nil
	case facts.Threads{Applier: true}:
		return []Statement{d.words.onChannel(verb, name, " SQL_THREAD")}, nil
	}
	return []Statement{d.words.onChannel(verb, name, "")}, nil
}

// ChangeTLS sets all TLS options of a channel, each named, and nothing else: host, user, password, position and GTID mode stay
// (tried on MariaDB 10.11). The receiver uses them from its next connect on; the server does not look whether files exist.
//
// The caller must know that the channel exists: for a name that it does not know the server silently makes a channel without a
// host, which no status shows (tried on MariaDB 10.11).
//
// Refused are paths that are not absolute, and values longer than 511 bytes or with control characters, quotes or backslashes.
func (d Dialect) ChangeTLS(channel string, o facts.TLSOptions) (Statement, error) {
	return d.ChangeTLSKeeping(channel, o, "")
}

// ChangeTLSKeeping is [Dialect.ChangeTLS] that keeps the heartbeat period of the channel, as the server printed it. MySQL 5.6 and MariaDB set it to
// their default with every CHANGE MASTER that does not name it (tried on MySQL 5.6.24 and MariaDB 10.5 and 11.8); the others keep it (5.7.22,
// 8.0.15, 8.0.33).
func (d Dialect) ChangeTLSKeeping(channel string, o facts.TLSOptions, heartbeat string) (Statement, error) {
	name, err := d.channelName(channel)
	if err != nil {
		return Statement{}, err
	}
	if err := checkOptions(o); err != nil {
		return Statement{}, err
	}
	options := []string{
		"SSL=" + bit(o.Enabled),
		"SSL_CA='" + o.CA + "'",
		"SSL_CAPATH='" + o.CAPath + "'",
		"SSL_CERT='" + o.Cert + "'",
		"SSL_KEY='" + o.Key + "'",
		"SSL_CIPHER='" + o.Cipher + "'",
		"SSL_CRL='" + o.CRL + "'",
		"SSL_CRLPATH='" + o.CRLPath + "'",
		"SSL_VERIFY_SERVER_CERT=" + bit(o.VerifyIdentity),
	}
	if d.resetsHeartbeat && heartbeat != "" {
		if _, err := strconv.ParseFloat(heartbeat, 64); err != nil || strings.Trim(heartbeat, "0123456789.") != "" {
			return Statement{}, fmt.Errorf("the heartbeat period %q of a channel is no number", heartbeat)
		}
		options = append(options, "HEARTBEAT_PERIOD="+heartbeat)
	}
	prefix := d.words.option
	return d.words.onChannel(d.words.change, name, " TO "+prefix+strings.Join(options, ", "+prefix)), nil
}

func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func checkOptions(o facts.TLSOptions) error {
	paths := []struct{ name, value string }{
		{"CA file", o.CA},
		{"CA folder", o.CAPath},
		{"certificate", o.Cert},
		{"key", o.Key},
		{"CRL", o.CRL},
		{"CRL folder", o.CRLPath},
	}
	for _, p := range paths {
		if err := pathOption(p.value); err != nil {
			return fmt.Errorf("the %s %q of a channel: %w", p.name, p.value, err)
		}
	}
	if err := option(o.Cipher); err != nil {
		return fmt.Errorf("the cipher %q of a channel: %w", o.Cipher, err)
	}
	return nil
}

// ReloadTLS is there where [Dialect.FilesReload] is. It makes the server read its certificate files again, from the paths it started with. It needs RELOAD, and is not
// written to the binary log (FLUSH SSL without LOCAL is). Files that do not load are refused with 1105, and the old ones stay in
// use; sessions are not touched. On a server that runs without TLS it says OK and does nothing (tried on MariaDB 10.11).
//
// MySQL reads the paths anew, too, and needs CONNECTION_ADMIN. It refuses with 3888 what it cannot use, also a certificate that its own
// ssl_ca did not sign, with which it would start; what was in use stays in use (tried on 9.7).
func (d Dialect) ReloadTLS() Statement { return Statement{d.words.reload} }
