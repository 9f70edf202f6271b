package dialect_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// TestMeanings shows what each row of the capability table decides, where it is another thing than the row before. The servers that were tried are
// asked by TestRealServers.
func TestMeanings(t *testing.T) {
	mariadb := of(t, facts.Version{Flavour: facts.MariaDB, Major: 10, Minor: 11, Patch: 19})
	on := facts.Instance{PerfSchema: true}
	refuses := func(o facts.TLSOptions) func(dialect.Dialect) any {
		return func(d dialect.Dialect) any {
			ok, _ := d.RefusesPlaintext(o)
			return ok
		}
	}
	requires := func(d dialect.Dialect) any {
		list, err := d.RequireRows("repl", []facts.RowChange{{Host: "%", Wanted: facts.Requirement{Kind: facts.RequireSSL}}}, true)
		return fmt.Sprint(list, err)
	}
	decisions := []struct {
		name string
		of   func(dialect.Dialect) any
	}{
		{"plaintext refused by SSL", refuses(facts.TLSOptions{Enabled: true})},
		{"plaintext refused by SSL and VERIFY", refuses(facts.TLSOptions{Enabled: true, CA: "/ca.pem", VerifyIdentity: true})},
		{"change stops both threads", func(d dialect.Dialect) any { return d.ChangeNeedsBothStopped() }},
		{"change purges relay logs", func(d dialect.Dialect) any { return d.PurgesRelayLogs() }},
		{"change resets heartbeat, kept elsewhere", func(d dialect.Dialect) any { return d.AsksHeartbeat() }},
		{"reads rows of MariaDB", func(d dialect.Dialect) any { return d.ReadsRowsOf(mariadb) }},
		{"forgets logins", func(d dialect.Dialect) any { return d.ForgetsLogins() }},
		{"reloads files", func(d dialect.Dialect) any { return d.FilesReload() }},
		{"reloads settings", func(d dialect.Dialect) any { return d.SettingsReload() }},
		{"persists settings", func(d dialect.Dialect) any { return d.PersistsSettings() }},
		{"refuses bad files", func(d dialect.Dialect) any { return d.RefusesBadFiles() }},
		{"shows transports", func(d dialect.Dialect) any { return d.ShowsTransports(on) }},
		{"checks its settings by", func(d dialect.Dialect) any { return strings.Join(d.ConfigCheck(), " ") }},
		{"speaks", func(d dialect.Dialect) any { return d.TLSVersions() }},
		{"requires TLS by", requires},
		{"means backslashes by", func(d dialect.Dialect) any { return d.BackslashEscapes() }},
	}
	versions := append(tried(),
		facts.Version{Flavour: facts.MySQL, Major: 5, Minor: 7, Patch: 9}, facts.Version{Flavour: facts.MySQL, Major: 5, Minor: 7, Patch: 11},
		facts.Version{Flavour: facts.MySQL, Major: 8, Minor: 0, Patch: 16}, facts.Version{Flavour: facts.MySQL, Major: 8, Minor: 0, Patch: 30},
		facts.Version{Flavour: facts.MySQL, Major: 8, Minor: 0, Patch: 31})
	slices.SortStableFunc(versions, func(a, b facts.Version) int {
		return cmp.Or(-strings.Compare(string(a.Flavour), string(b.Flavour)), cmp.Compare(a.Major, b.Major), cmp.Compare(a.Minor, b.Minor), cmp.Compare(a.Patch, b.Patch))
	})
	var text strings.Builder
	for _, decision := range decisions {
		fmt.Fprintf(&text, "%s\n", decision.name)
		w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
		last := ""
		for _, v := range versions {
			if now := fmt.Sprint(v.Flavour, decision.of(of(t, v))); now != last {
				fmt.Fprintf(w, "  %s\t%v\n", of(t, v), decision.of(of(t, v)))
				last = now
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "meanings.golden", text.String())
}
