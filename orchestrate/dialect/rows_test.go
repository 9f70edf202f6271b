package dialect_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/dialect"
	"github.com/replssl/replssl/orchestrate/facts"
)

// recorded are rows of MariaDB 10.11.19, written by go test -run TestRealServer -record.
func recorded(t *testing.T, name string) []dialect.Row {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]*string
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	rows := make([]dialect.Row, len(list))
	for i, columns := range list {
		rows[i] = dialect.Row{}
		for column, text := range columns {
			if rows[i][column] = (dialect.Cell{Null: text == nil}); text != nil {
				rows[i][column] = dialect.Cell{Text: *text}
			}
		}
	}
	return rows
}

// channel reads a recording and gives one of its channels.
func channel(t *testing.T, recording, name string) facts.Channel {
	t.Helper()
	list, ok := mariadb1011(t).Channels().Read(recorded(t, recording)).Get()
	i := slices.IndexFunc(list, func(c facts.Channel) bool { return c.Name == name })
	if !ok || i < 0 {
		t.Fatalf("%s has no channel %q", recording, name)
	}
	return list[i]
}

func TestChannelRunningInPlaintext(t *testing.T) {
	got := channel(t, "channels_plaintext", "")
	want := facts.Channel{
		SourceHost: "127.0.0.1", SourcePort: got.SourcePort, SourceUser: "repl", SourceServerID: 1,
		Receiver: facts.Yes, Applier: facts.Yes, Read: facts.Position{File: "b.000001", Pos: got.Read.Pos}, Exec: got.Exec,
		Lag: facts.Known(time.Duration(0)), Heartbeat: got.Heartbeat, GTID: "Slave_Pos",
	}
	if got != want || got.Heartbeat == "" || got.SourcePort == 0 || got.Read.Pos == 0 {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestNamedDelayedChannel(t *testing.T) {
	got := channel(t, "channels_plaintext", oddChannel)
	want := facts.Channel{
		Name: oddChannel, SourceHost: "127.0.0.1", SourcePort: 1, SourceUser: "repl", Receiver: facts.No, Applier: facts.No,
		Read: facts.Position{Pos: 4}, Lag: got.Lag, Delay: 90 * time.Second, Heartbeat: got.Heartbeat, GTID: got.GTID,
	}
	if got != want || !got.Lag.IsUnknown() {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestChannelStates(t *testing.T) {
	for recording, want := range map[string]struct {
		channel           string
		receiver, applier facts.ThreadState
		errno             int
		text              string
	}{
		"channels_tls":             {"", facts.Yes, facts.Yes, 0, ""},
		"channels_applier_stopped": {"", facts.Yes, facts.No, 0, ""},
		"channels_connecting_mute": {oddChannel, facts.Connecting, facts.No, 0, ""},
		"channels_connecting_2003": {oddChannel, facts.Connecting, facts.No, 2003, "Connection refused"},
		"channels_1045":            {"", facts.Connecting, facts.No, 1045, "Access denied"},
		"channels_2026":            {"", facts.Connecting, facts.No, 2026, "SSL connection error"},
		"channels_2026_missing":    {"", facts.Connecting, facts.No, 2026, "default_verify_paths"},
		"channels_2026_required":   {"", facts.Connecting, facts.No, 2026, "SSL is required"},
		"channels_1597":            {"", facts.Connecting, facts.No, 1597, "COM_REGISTER_SLAVE"},
		"channels_4151":            {"", facts.Connecting, facts.No, 4151, "locked"},
		"channels_1820":            {"", facts.No, facts.No, 1820, "SET PASSWORD"},
	} {
		c := channel(t, recording, want.channel)
		if c.Receiver != want.receiver || c.Applier != want.applier || c.ReceiverError.Number != want.errno {
			t.Errorf("%s: %+v", recording, c)
		}
		if !strings.Contains(c.ReceiverError.Text, want.text) {
			t.Errorf("%s: %q", recording, c.ReceiverError.Text)
		}
		if c.Threads().Receiver != (want.receiver != facts.No) {
			t.Errorf("%s: %+v", recording, c.Threads())
		}
	}
}

func TestApplierErrorHasNoStatement(t *testing.T) {
	got := channel(t, "channels_1396", "").ApplierError
	want := facts.ThreadError{
		Number: 1396,
		Text:   "Error 'Operation CREATE USER failed for 'twice'@'x'' on query. Default database: ''. Query: (withheld)",
	}
	if got != want {
		t.Errorf("got %+v", got)
	}
}

// In German, as MariaDB 10.11 told it with lc_messages=de_DE, and in whatever language: nothing of a statement is left.
func TestApplierErrorHasNoStatementInAnyLanguage(t *testing.T) {
	told := func(number int, text string) facts.ThreadError {
		rows := recorded(t, "channels_1396")
		for _, row := range rows {
			row["last_sql_errno"], row["last_sql_error"] = dialect.Cell{Text: strconv.Itoa(number)}, dialect.Cell{Text: text}
		}
		list, ok := mariadb1011(t).Channels().Read(rows).Get()
		if !ok || len(list) == 0 {
			t.Fatalf("no channel of %q", text)
		}
		return list[0].ApplierError
	}
	const statement = "GRANT SHOW CREATE ROUTINE ON *.* TO leak@'%' IDENTIFIED BY 'DeutschGeheim99'"
	german := "Error 'Fehler in der SQL-Syntax. Bitte die korrekte Syntax im Handbuch nachschlagen bei 'CREATE ROUTINE ON *.* TO leak@'%' IDENTIFIED BY 'DeutschGeheim99'' in Zeile 1'" +
		" on query. Default database: ''. Query: '" + statement + "'"
	if got, want := told(1064, german).Text, "Error (withheld) on query. Default database: ''. Query: (withheld)"; got != want {
		t.Errorf("%q", got)
	}
	rapid.Check(t, func(r *rapid.T) {
		words := func(label string) string {
			return strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"'", "»", "' on query. ", " bei '", "Query", ": ", "é"})).Draw(r, label), "")
		}
		number := rapid.SampledFrom([]int{1064, 1149, 1105, 1292, 1366, 1525, 1827, 3009}).Draw(r, "number")
		text := "Error '" + words("before") + "DeutschGeheim99" + words("after") + "' on query. Default database: 'd'. Query: '" + statement + "'"
		if got := told(number, text); strings.Contains(got.Text, "Geheim") {
			r.Errorf("%d: %q became %q", number, text, got.Text)
		}
	})
}

func TestFilters(t *testing.T) {
	d := mariadb1011(t)
	for _, column := range []string{
		"replicate_do_db", "replicate_ignore_db", "replicate_do_table", "replicate_ignore_table", "replicate_wild_do_table",
		"replicate_wild_ignore_table", "replicate_rewrite_db", "replicate_do_domain_ids", "replicate_ignore_domain_ids",
		"replicate_ignore_server_ids",
	} {
		rows := recorded(t, "channels_tls")
		for _, row := range rows {
			row[column] = dialect.Cell{Text: "1"}
		}
		if list, ok := d.Channels().Read(rows).Get(); !ok || !list[0].Filtered {
			t.Errorf("%s was not seen", column)
		}
	}
}

func TestUntil(t *testing.T) {
	rows := recorded(t, "channels_tls")
	rows[0]["until_condition"] = dialect.Cell{Text: "Gtid"}
	if list, ok := mariadb1011(t).Channels().Read(rows).Get(); !ok || !list[0].Until && !list[1].Until {
		t.Error("UNTIL was not seen")
	}
}

// The columns have other names on newer servers.
func TestNewerColumnNames(t *testing.T) {
	rows := recorded(t, "channels_tls")
	want := mariadb1011(t).Channels().Read(rows)
	for i, row := range rows {
		renamed := dialect.Row{}
		for name, c := range row {
			renamed[strings.NewReplacer("master", "source", "slave", "replica").Replace(name)] = c
		}
		rows[i] = renamed
	}
	got := mariadb1011(t).Channels().Read(rows)
	if !slices.Equal(got.Or(nil), want.Or(nil)) || !got.IsKnown() {
		t.Errorf("%v\nwant\n%v", got, want)
	}
}

// Without any one column that is read the answer is unknown, never a zero.
func TestMissingColumn(t *testing.T) {
	read := 0
	for name := range recorded(t, "channels_tls")[0] {
		rows := recorded(t, "channels_tls")
		maps.DeleteFunc(rows[0], func(column string, _ dialect.Cell) bool { return column == name })
		if v := mariadb1011(t).Channels().Read(rows); v.IsUnknown() {
			read++
			if !strings.Contains(v.Why(), name) {
				t.Errorf("without %s: %s", name, v.Why())
			}
		}
	}
	if read != 39 {
		t.Errorf("only %d columns are needed", read)
	}
}

func TestOddCells(t *testing.T) {
	for column, text := range map[string]string{
		"slave_io_running": "Perhaps", "master_port": "x", "master_port ": "65536", "master_ssl_allowed": "Ignored", "sql_delay": "-1",
	} {
		rows := recorded(t, "channels_tls")
		rows[0][strings.TrimSpace(column)] = dialect.Cell{Text: text}
		if v := mariadb1011(t).Channels().Read(rows); !v.IsUnknown() || !strings.Contains(v.Why(), strings.TrimSpace(column)) {
			t.Errorf("%s = %s: %v", column, text, v)
		}
	}
}

func TestRowOf(t *testing.T) {
	row := dialect.RowOf([]string{"Host", "NULLED", "empty", "short"}, [][]byte{[]byte("x"), nil, {}})
	want := dialect.Row{"host": {Text: "x"}, "nulled": {Null: true}, "empty": {}}
	if !maps.Equal(row, want) {
		t.Errorf("%v", row)
	}
}
