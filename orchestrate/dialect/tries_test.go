package dialect_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// TestAReceiverThatGaveUp is told from one that somebody has stopped, by errors as MySQL 5.6.24, 5.7.22, 8.0.15, 8.0.33 and 9.7 gave them.
func TestAReceiverThatGaveUp(t *testing.T) {
	const older, newer = "error connecting to master 'repl@127.0.0.1:3306' - retry-time: 1  retries: ", "Error connecting to source 'repl@127.0.0.1:3306'. This was attempt "
	mysql56, mysql97 := facts.Version{Flavour: facts.MySQL, Major: 5, Minor: 6, Patch: 24}, facts.Version{Flavour: facts.MySQL, Major: 9, Minor: 7, Patch: 4}
	for name, c := range map[string]struct {
		version            facts.Version
		state, errno, text string
		limit              string
		want               int
	}{
		"it gave up":                  {mysql56, "No", "1045", older + "3", "3", 3},
		"it gave up, newer":           {mysql97, "No", "2026", newer + "10/10, with a delay of 60 seconds between attempts. Message: SSL connection error", "10", 10},
		"it tries":                    {mysql97, "Connecting", "1045", newer + "10/10, with a delay of 60 seconds between attempts", "10", 0},
		"it was stopped":              {mysql56, "No", "1045", older + "1", "3", 0},
		"it was stopped, newer":       {mysql97, "No", "1045", newer + "9/10, with a delay of 60 seconds between attempts", "10", 0},
		"it may try for ever":         {mysql56, "No", "1045", older + "12", "86400", 0},
		"it ended with another error": {mysql97, "No", "13114", "Got fatal error 1236 from source when reading data from binary log", "10", 0},
		"it was stopped well":         {mysql97, "No", "0", "", "10", 0},
		"MariaDB does not tell":       {facts.Version{Flavour: facts.MariaDB, Major: 11, Minor: 8, Patch: 6}, "No", "1045", "error connecting to master 'repl@db1:3306' - retry-time: 1  maximum-retries: 3  message: Access denied", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			row := maps.Clone(recorded(t, "channels_plaintext")[0])
			maps.Copy(row, dialect.Row{
				"slave_io_running": {Text: c.state}, "last_io_errno": {Text: c.errno}, "last_io_error": {Text: c.text}, "master_retry_count": {Text: c.limit},
				"auto_position": {Text: "0"}, "channel_name": {}, "replicate_rewrite_db": {},
			})
			list, ok := of(t, c.version).Channels().Read([]dialect.Row{row}).Get()
			if !ok || list[0].GaveUp != c.want {
				t.Errorf("got %+v %v, want %d tries", list, of(t, c.version).Channels().Read([]dialect.Row{row}), c.want)
			}
		})
	}
}

// TestTheHeartbeatPeriodIsKept where a change would set it to its default.
func TestTheHeartbeatPeriodIsKept(t *testing.T) {
	for version, named := range map[facts.Version]string{
		{Flavour: facts.MySQL, Major: 5, Minor: 6, Patch: 24}:   ", MASTER_HEARTBEAT_PERIOD=7.250",
		{Flavour: facts.MySQL, Major: 5, Minor: 7, Patch: 22}:   "",
		{Flavour: facts.MySQL, Major: 9, Minor: 7, Patch: 4}:    "",
		{Flavour: facts.MariaDB, Major: 11, Minor: 8, Patch: 6}: ", MASTER_HEARTBEAT_PERIOD=7.250",
	} {
		d := of(t, version)
		plain, err := d.ChangeTLS("", fullTLS)
		kept, keptErr := d.ChangeTLSKeeping("", fullTLS, "7.250")
		if err != nil || keptErr != nil || strings.Replace(kept.String(), named, "", 1) != plain.String() || strings.Contains(kept.String(), "HEARTBEAT") != (named != "") {
			t.Errorf("%v: %s %v, %s %v", version, plain, err, kept, keptErr)
		}
	}
	if _, err := mariadb1011(t).ChangeTLSKeeping("", fullTLS, "1, MASTER_HOST='x'"); err == nil {
		t.Error("a period that is no number is named")
	}
}
