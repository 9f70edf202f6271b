package event_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/replssl/replssl/orchestrate/event"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/topology"
)

// allEvents has one event of each type, with every field set.
func allEvents() []event.Event {
	return []event.Event{
		event.RunBegan{Run: "r", Work: event.Succeed, Phase: 2, Cluster: "orders", Who: "ops@desk", Version: "1", Digest: "abc", Steps: 3},
		event.StepBegan{Step: "change/db2", Title: "change it", Target: "db2"},
		event.StepHeld{Step: "change/db2", Why: "it is behind"},
		event.ThreadsFound{Step: "change/db2", Server: "db2", Channel: "east", Receiver: true, Applier: true},
		event.ActionIntended{Step: "change/db2", Target: "db2", Action: "stop it", Rescue: true, File: "/etc/zz.cnf", Command: "restart it"},
		event.ActionDone{Step: "change/db2", Action: "stop it", Rescue: true},
		event.ActionFailed{Step: "change/db2", Action: "stop it", Error: "no", Rescue: true},
		event.Statement{Server: "db2", SQL: "STOP SLAVE"},
		event.RequirementDated{Server: "db1", Connection: 1<<63 + 1, Start: "s", Provisional: true, Beyond: true},
		event.RequirementLifted{Server: "db1", Beyond: true},
		event.RequirementFound{Server: "db1", Host: "10.%", Kind: facts.RequireSpecified, Issuer: "/CN=a", Subject: `/CN=é'\\x`, Cipher: "AES"},
		event.RequirementRestored{Server: "db1"},
		event.SetRead{Server: "db1", Set: "5f"},
		event.CommandLeft{Server: "db1", Command: "restart.sh"},
		event.PathsFound{Server: "db1", Read: event.Paths{CA: "/a", Cert: "/b", Key: "/c"}, Kept: event.Paths{Cert: "/b"}},
		event.StepDone{Step: "change/db2", Unchanged: true, Took: time.Second},
		event.StepFailed{Step: "change/db2", Target: "db2", Error: "no", Hint: "look", Touched: true, Rescued: event.TakenBack},
		event.StepSkipped{Step: "change/db2", Why: "a need failed"},
		event.Stopping{Underway: []string{"change/db2"}},
		event.RunEnded{Outcome: event.Partly, Done: 1, Failed: 2, Skipped: 3},
	}
}

// TestEveryEventIsTried compares the list above with the source.
func TestEveryEventIsTried(t *testing.T) {
	tried := map[string]bool{}
	for _, e := range allEvents() {
		tried[reflect.TypeOf(e).Name()] = true
		for i := range reflect.TypeOf(e).NumField() {
			if reflect.ValueOf(e).Field(i).IsZero() {
				t.Errorf("field %s of %T is not tried", reflect.TypeOf(e).Field(i).Name, e)
			}
		}
	}
	sources := func(info fs.FileInfo) bool { return !strings.HasSuffix(info.Name(), "_test.go") }
	packages, err := parser.ParseDir(token.NewFileSet(), ".", sources, 0) //nolint:staticcheck // build tags do not matter here
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range packages["event"].Files {
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == "kind" {
				found++
				if name := fmt.Sprint(f.Recv.List[0].Type); !tried[name] {
					t.Errorf("event %s is not tried here", name)
				}
			}
		}
	}
	if found != len(tried) {
		t.Errorf("%d types were found, %d are tried", found, len(tried))
	}
}

// TestWhatWaits: an effect follows it, or it is the first or last of a run.
func TestWhatWaits(t *testing.T) {
	waits := map[string]bool{
		"run-began": true, "threads-found": true, "action-intended": true, "statement": true, "requirement-found": true,
		"paths-found": true, "requirement-dated": true, "requirement-lifted": true, "run-ended": true,
	}
	for _, e := range allEvents() {
		if got := event.Waits(e); got != waits[event.Kind(e)] {
			t.Errorf("%s waits: %v", event.Kind(e), got)
		}
	}
}

func TestEveryEventIsReadBack(t *testing.T) {
	kinds := map[string]bool{}
	for i, e := range allEvents() {
		record := event.Record{Seq: i + 1, At: time.Date(2026, 11, 22, 3, 0, 0, 123456789, time.UTC), Event: e}
		text, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		var back event.Record
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !reflect.DeepEqual(back, record) {
			t.Errorf("%+v became %+v", record, back)
		}
		if kinds[event.Kind(e)] {
			t.Errorf("two types have the kind %s", event.Kind(e))
		}
		kinds[event.Kind(e)] = true
		if strings.ContainsAny(string(text), "\n\r") {
			t.Errorf("%T is more than one line: %s", e, text)
		}
	}
}

// TestAnyTextIsReadBackOnOneLine: an error text of a server may hold anything.
func TestAnyTextIsReadBackOnOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := event.StepFailed{
			Step: "change/db2", Target: topology.ServerName(rapid.String().Draw(t, "target")), Error: rapid.String().Draw(t, "error"),
			Rescued: event.NotTakenBack,
		}
		text, err := json.Marshal(event.Record{Seq: 1, Event: e})
		if err != nil || strings.Contains(string(text), "\n") {
			t.Fatalf("%s: %v", text, err)
		}
		var back event.Record
		if err := json.Unmarshal(text, &back); err != nil || back.Event != e {
			t.Fatalf("%s: %v %+v", text, err, back)
		}
	})
}

func TestWhatIsNotUnderstoodIsRefused(t *testing.T) {
	for text, why := range map[string]string{
		`{"v":1,"seq":1,"event":"tea-made","data":{}}`:          `the event "tea-made" is not known`,
		`{"v":1,"seq":1,"event":"","data":{}}`:                  `the event "" is not known`,
		`{}`:                                                    `the event "" is not known`,
		`{"v":2,"seq":1,"event":"step-done","data":{}}`:         "format 2 is newer",
		`{"v":2,"seq":1,"event":"tea-made","data":{}}`:          "format 2 is newer",
		`{"v":1,"seq":1,"event":"step-done"}`:                   "unexpected end",
		`{"v":1,"seq":1,"event":"step-done","data":{"step":7}}`: "cannot unmarshal",
		`{"v":1,"seq":1,"event":"run-ended","data":[]}`:         "cannot unmarshal",
		`{"v":"1","seq":1,"event":"step-done","data":{}}`:       "cannot unmarshal",
		`not json`: "invalid character",
		`{"v":1,"seq":1,"at":"yesterday","event":"step-done","data":{}}`:       "parsing time",
		`{"v":1,"seq":1,"event":"requirement-dated","data":{"connection":-1}}`: "cannot unmarshal",
	} {
		var r event.Record
		err := json.Unmarshal([]byte(text), &r)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", text, err)
		}
		if r.Event != nil {
			t.Errorf("%s: half of it was read: %+v", text, r)
		}
	}
}

// TestNoEventHasAPlaceForASecret: what has no field for it cannot leak it.
func TestNoEventHasAPlaceForASecret(t *testing.T) {
	secret := regexp.MustCompile(`(?i)pass|secret|token|credential|private|keypem|auth`)
	for _, e := range allEvents() {
		typ := reflect.TypeOf(e)
		for i := range typ.NumField() {
			field := typ.Field(i)
			if secret.MatchString(field.Name) || secret.MatchString(field.Tag.Get("json")) {
				t.Errorf("%T.%s", e, field.Name)
			}
			switch field.Type.Kind() {
			case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint64:
			case reflect.Struct:
				for j := range field.Type.NumField() {
					if part := field.Type.Field(j); part.Type.Kind() != reflect.String || secret.MatchString(part.Name) {
						t.Errorf("%T.%s.%s", e, field.Name, part.Name)
					}
				}
			case reflect.Slice:
				if field.Type.Elem().Kind() != reflect.String {
					t.Errorf("%T.%s holds %s, of which nobody knows what it holds", e, field.Name, field.Type)
				}
			default:
				t.Errorf("%T.%s holds %s, of which nobody knows what it holds", e, field.Name, field.Type)
			}
		}
	}
}

func FuzzRecord(f *testing.F) {
	for _, e := range allEvents() {
		text, err := json.Marshal(event.Record{Seq: 1, Event: e})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"v":1,"event":"step-done","data":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var r event.Record
		if json.Unmarshal(text, &r) != nil {
			return
		}
		if r.Event == nil {
			t.Fatalf("%s: nothing was read, and nothing said", text)
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Skip() // a time that JSON cannot hold
		}
		var back event.Record
		if err := json.Unmarshal(again, &back); err != nil || !reflect.DeepEqual(back.Event, r.Event) {
			t.Fatalf("%s: %+v became %+v: %v", text, r, back, err)
		}
	})
}
