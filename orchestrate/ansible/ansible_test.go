package ansible

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/replssl/replssl/orchestrate/topology"
)

// record names Ansible's own program, whose answers are then written into testdata:
//
//	go test ./orchestrate/ansible -run TestAnsibleSaysTheSame -record /path/to/ansible-inventory
var record = flag.String("record", "", "write the answers of this ansible-inventory into testdata")

// answer is what ansible-inventory says of an inventory, as far as it concerns the way to hosts.
type answer struct {
	Refused bool                      `json:"refused,omitempty"`
	Hosts   map[string]map[string]any `json:"hosts,omitempty"`
	Groups  map[string][]string       `json:"groups,omitempty"`
}

func inventories(t testing.TB) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"testdata/inventories/*", "testdata/inventories/folders/hosts.ini"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	files = slices.DeleteFunc(files, func(name string) bool {
		info, err := os.Stat(name)
		return err != nil || info.IsDir() || strings.HasSuffix(name, ".answer")
	})
	if len(files) < 20 {
		t.Fatalf("only %d inventories", len(files))
	}
	return files
}

func load(t testing.TB, file string) (*Inventory, error) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return Read(File{Name: filepath.Base(file), Data: data, Home: "/home/dba", Beside: os.DirFS(filepath.Dir(file))})
}

// TestAnsibleSaysTheSame holds every inventory against what ansible-core 2.19 made of it: the hosts, the members of the groups, and the
// value of each variable that leads to a host.
func TestAnsibleSaysTheSame(t *testing.T) {
	for _, file := range inventories(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			if *record != "" {
				writeAnswer(t, file)
			}
			var want answer
			data, err := os.ReadFile(file + ".answer")
			if err == nil {
				decoder := json.NewDecoder(bytes.NewReader(data))
				decoder.UseNumber()
				err = decoder.Decode(&want)
			}
			if err != nil {
				t.Fatal(err)
			}
			inv, err := load(t, file)
			if want.Refused || stricter(filepath.Base(file)) {
				if err == nil {
					t.Fatal("Ansible refuses it, and replssl reads it")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			compare(t, inv, want)
		})
	}
}

// stricter are inventories of which Ansible makes nothing without a word.
func stricter(name string) bool { return name == "backwards.ini" }

func compare(t *testing.T, inv *Inventory, want answer) {
	t.Helper()
	for name, members := range want.Groups {
		got, ok := inv.Group(name)
		slices.Sort(got)
		if !ok || !slices.Equal(got, members) {
			t.Errorf("the group %s has %v, want %v", name, got, members)
		}
	}
	for name := range inv.groups { // those without a host are not printed
		if members, _ := inv.Group(name); len(members) > 0 && want.Groups[name] == nil {
			t.Errorf("Ansible has no group %s", name)
		}
	}
	for name, vars := range want.Hosts {
		h, ok := inv.hosts[name]
		if !ok {
			t.Errorf("the host %s is missing", name)
			continue
		}
		got, fault := inv.variablesOf(h)
		if fault != nil {
			t.Errorf("%s: %v", name, fault)
			continue
		}
		compareVars(t, name, got, vars)
	}
	if len(inv.hosts) != len(want.Hosts) {
		t.Errorf("there are %d hosts, want %d", len(inv.hosts), len(want.Hosts))
	}
}

func compareVars(t *testing.T, host string, got variables, want map[string]any) {
	t.Helper()
	for name, v := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: Ansible has no %s, and replssl %+v", host, name, v)
		}
	}
	for name, expected := range want {
		v, ok := got[name]
		if v.kind == unclear {
			continue // what leads to a host is refused then
		}
		var same bool
		switch expected := expected.(type) {
		case nil:
			same = v.kind == null
		case string:
			same = v.kind == text && v.text == expected || v.kind == composed && v.text == expected
		case bool:
			same = v.kind == text && v.text == map[bool]string{true: "True", false: "False"}[expected]
		case json.Number:
			same = v.kind == text && v.text == expected.String()
		default:
			same = v.kind == composed
		}
		if !ok || !same {
			t.Errorf("%s: %s is %+v, want %#v", host, name, v, expected)
		}
	}
}

func writeAnswer(t *testing.T, file string) {
	t.Helper()
	source := filepath.Base(file)
	if filepath.Ext(file) == ".json" { // what ansible-inventory prints is read by Ansible from a program only
		source = filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(source, []byte("#!/bin/sh\ncat "+filepath.Base(file)+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(*record, "-i", source, "--list")
	cmd.Dir = filepath.Dir(file)
	cmd.Env = append(os.Environ(), "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED=true", "ANSIBLE_INVENTORY_UNPARSED_IS_FAILED=true")
	var said, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &complaints
	a := answer{Refused: cmd.Run() != nil, Hosts: map[string]map[string]any{}, Groups: map[string][]string{}}
	if !a.Refused {
		a.take(t, said.Bytes())
	} else if !strings.Contains(complaints.String(), "parse") {
		t.Fatalf("%s: %s", *record, &complaints)
	}
	data, err := json.MarshalIndent(a, "", " ")
	if err == nil {
		err = os.WriteFile(file+".answer", append(data, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (a *answer) take(t *testing.T, said []byte) {
	t.Helper()
	type printed struct {
		Hosts, Children []string
		Hostvars        map[string]map[string]any
	}
	groups := map[string]printed{}
	if err := json.Unmarshal(said, &groups); err != nil {
		t.Fatal(err)
	}
	var members func(name string) []string
	members = func(name string) []string {
		all := slices.Clone(groups[name].Hosts)
		for _, child := range groups[name].Children {
			all = append(all, members(child)...)
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	for name := range groups {
		if name != "_meta" {
			a.Groups[name] = members(name)
		}
	}
	for _, child := range members(all) {
		a.Hosts[child] = map[string]any{}
		for name, v := range groups["_meta"].Hostvars[child] {
			if strings.HasPrefix(name, "ansible_") || !strings.Contains(name, "_") {
				a.Hosts[child][name] = v
			}
		}
	}
}

// TestEveryHostOfTheSamples looks for a panic or an empty way where an inventory is used host by host.
func TestEveryHostOfTheSamples(t *testing.T) {
	for _, file := range inventories(t) {
		inv, err := load(t, file)
		if err != nil {
			continue
		}
		names, _ := inv.Group("all")
		for _, name := range names {
			if _, ok, _ := inv.Host(name); !ok {
				t.Errorf("%s: the host %s of the group all is not there", file, name)
			}
		}
	}
}

func readText(t testing.TB, name, text string, beside fs.FS) *Inventory {
	t.Helper()
	inv, err := Read(File{Name: name, Data: []byte(text), Home: "/home/dba", Beside: beside})
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func wayTo(t testing.TB, vars string) (topology.Route, error) {
	t.Helper()
	inv := readText(t, "hosts.ini", "[db]\ndb1 "+vars+"\n", nil)
	route, ok, err := inv.Host("db1")
	if !ok {
		t.Fatal("db1 is not there")
	}
	return route, err
}
