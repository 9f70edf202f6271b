package plan_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	world "github.com/replssl/replssl/orchestrate/orchestratetest"
	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/orchestrate/topology"
)

func TestDigestDoesNotFollowWhatComesAndGoes(t *testing.T) {
	s := newSite(world.Cluster("db1", "db2", "db3"))
	p := s.build()
	if got := p.Digest(); len(got) != 12 {
		t.Errorf("%q", got)
	}
	for range 20 { // maps of facts come in another order each time
		f := s.quiet()
		f.Servers = maps.Clone(f.Servers)
		if again := plan.Build(s.cluster, f, s.options); again.Digest() != p.Digest() {
			t.Fatalf("%s, then %s", p.Digest(), again.Digest())
		}
	}
	f := edit(s.quiet(), "db1", func(s *facts.Server) {
		s.Sessions = facts.Known([]facts.Session{{ID: 77, User: "app", Host: "10.0.0.9:1234"}, {ID: 78, User: "repl", Host: "10.0.0.9:1235"}})
		s.RunTime = facts.Known([]string{"max_connections=500"})
	})
	busy := plan.Build(s.cluster, f, s.options)
	if mustStep(t, busy, "serve/db1").Impact == mustStep(t, p, "serve/db1").Impact {
		t.Errorf("the impact does not tell of sessions and settings: %s", mustStep(t, busy, "serve/db1").Impact)
	}
	if busy.Digest() != p.Digest() {
		t.Errorf("the digest follows the impact")
	}
	p.Steps[0].Reason, p.Warnings = "another", []plan.Warning{{Target: "db1", Text: "beware"}}
	if p.Digest() != busy.Digest() {
		t.Errorf("the digest follows reasons or warnings")
	}
}

// TestDigestFollowsWhatIsDone changes every field of every goal, guard and action of every step, one at a time.
func TestDigestFollowsWhatIsDone(t *testing.T) {
	usual := newSite(world.Cluster("db1", "db2", "db3"))
	chain := newSite(world.Chained(world.Cluster("db1", "db2", "db3"), "db3", "db2"))
	interrupted := securedSite(t, world.Cluster("db1", "db2", "db3"))
	interrupted.interrupted("change/db2", channelOf("db2"), both)
	interrupted.With("db2", func(s *world.Settings) { s.Stop(applier) })
	changed := 0
	for _, s := range []*site{usual, chain, interrupted} {
		p := s.build()
		for i, step := range p.Steps {
			for what, mutant := range mutants(step) {
				changed++
				mutated := p
				mutated.Steps = slices.Clone(p.Steps)
				mutated.Steps[i] = mutant
				if mutated.Digest() == p.Digest() {
					t.Errorf("%s: the digest does not follow %s", step.ID, what)
				}
			}
		}
	}
	if changed < 500 {
		t.Errorf("only %d changes were tried", changed)
	}
}

// mutants are a step with one thing changed, by what that is.
func mutants(step plan.Step) map[string]plan.Step {
	found := map[string]plan.Step{}
	add := func(what string, change func(*plan.Step)) {
		mutant := step
		mutant.Needs = slices.Clone(step.Needs)
		mutant.Guards = slices.Clone(step.Guards)
		mutant.Actions = slices.Clone(step.Actions)
		mutant.Undo.Actions = slices.Clone(step.Undo.Actions)
		mutant.Rescue = slices.Clone(step.Rescue)
		change(&mutant)
		found[what] = mutant
	}
	add("the id", func(s *plan.Step) { s.ID += "x" })
	add("the target", func(s *plan.Step) { s.Target += "x" })
	add("a need", func(s *plan.Step) { s.Needs = append(s.Needs, "x") })
	for where, goal := range variants(step.Goal) {
		add("goal"+where, func(s *plan.Step) { s.Goal = goal })
	}
	for i, guard := range step.Guards {
		add(fmt.Sprintf("guard %d", i), func(s *plan.Step) { s.Guards = slices.Delete(s.Guards, i, i+1) })
		for where, condition := range variants(guard.Condition) {
			add(fmt.Sprintf("guard %d%s", i, where), func(s *plan.Step) { s.Guards[i].Condition = condition })
		}
	}
	lists := map[string]func(*plan.Step) *[]plan.Action{
		"action": func(s *plan.Step) *[]plan.Action { return &s.Actions },
		"undo":   func(s *plan.Step) *[]plan.Action { return &s.Undo.Actions },
		"rescue": func(s *plan.Step) *[]plan.Action { return &s.Rescue },
	}
	for name, list := range lists {
		for i, action := range *list(&step) {
			add(fmt.Sprintf("%s %d", name, i), func(s *plan.Step) { *list(s) = slices.Delete(*list(s), i, i+1) })
			for where, other := range variants(action) {
				add(fmt.Sprintf("%s %d%s", name, i, where), func(s *plan.Step) { (*list(s))[i] = other })
			}
		}
	}
	return found
}

// variants are copies of a value with one of its fields changed, by the name of the field.
func variants[T any](value T) map[string]T {
	found := map[string]T{}
	original := reflect.ValueOf(value)
	for _, path := range paths(original, nil, "") {
		changed := reflect.New(original.Type()).Elem()
		changed.Set(deepCopy(original))
		mutate(at(changed, path.index))
		found[path.name] = changed.Interface().(T)
	}
	return found
}

type fieldPath struct {
	name  string
	index []int
}

// paths are the ways to every plain value within structs and slices.
func paths(v reflect.Value, index []int, name string) []fieldPath {
	var found []fieldPath
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			found = append(found, paths(v.Field(i), append(slices.Clone(index), i), name+"."+v.Type().Field(i).Name)...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			found = append(found, paths(v.Index(i), append(slices.Clone(index), i), fmt.Sprintf("%s[%d]", name, i))...)
		}
	case reflect.Interface:
		found = append(found, paths(v.Elem(), append(slices.Clone(index), 0), name)...)
	default:
		found = append(found, fieldPath{name, index})
	}
	return found
}

func deepCopy(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Struct:
		c := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			c.Field(i).Set(deepCopy(v.Field(i)))
		}
		return c
	case reflect.Slice:
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			c.Index(i).Set(deepCopy(v.Index(i)))
		}
		return c
	default:
		return v
	}
}

func at(v reflect.Value, index []int) (reflect.Value, func(reflect.Value)) {
	set := func(n reflect.Value) { v.Set(n) }
	for depth, i := range index {
		switch v.Kind() {
		case reflect.Struct:
			v = v.Field(i)
		case reflect.Slice:
			v = v.Index(i)
		case reflect.Interface: // what an interface holds cannot be set: a changed copy takes its place
			inner := reflect.New(v.Elem().Type()).Elem()
			inner.Set(v.Elem())
			leaf, setLeaf := at(inner, index[depth+1:])
			holder := v
			return leaf, func(n reflect.Value) { setLeaf(n); holder.Set(inner) }
		default:
			panic("there is no way into a " + v.Kind().String())
		}
		current := v
		set = func(n reflect.Value) { current.Set(n) }
	}
	return v, set
}

func mutate(v reflect.Value, set func(reflect.Value)) {
	n := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.String:
		n.SetString(v.String() + "x")
	case reflect.Bool:
		n.SetBool(!v.Bool())
	case reflect.Int, reflect.Int64:
		n.SetInt(v.Int() + 1)
	case reflect.Uint64:
		n.SetUint(v.Uint() + 1)
	default:
		panic("no change for " + v.Type().String())
	}
	set(n)
}

func TestDigestFollowsPatience(t *testing.T) {
	p := newSite(world.Cluster("db1", "db2")).build()
	before := p.Digest()
	for _, step := range p.Steps {
		for i := range step.Guards {
			step.Guards[i].Patience += time.Second
			if p.Digest() == before {
				t.Errorf("%s: the digest does not follow how long guard %d is waited for", step.ID, i)
			}
			step.Guards[i].Patience -= time.Second
		}
	}
}

func TestDigestFollowsThePolicy(t *testing.T) {
	digests := map[string]string{}
	for name, change := range map[string]func(*topology.Cluster){
		"as it is":       func(*topology.Cluster) {},
		"enforce first":  enforceFirst,
		"another canary": func(c *topology.Cluster) { c.Policy.Canary = 0 },
		"another lag":    func(c *topology.Cluster) { c.Policy.MaxLag = time.Hour },
		"another folder": func(c *topology.Cluster) { c.Servers[1].TLSDir = "/etc/mysql/ssl" },
		"another owner":  func(c *topology.Cluster) { c.Servers[0].Restart = "service mysql restart" },
	} {
		c := world.Cluster("db1", "db2", "db3")
		change(&c)
		digest := newSite(c).build().Digest()
		for other, d := range digests {
			if d == digest {
				t.Errorf("%s and %s have the same digest", name, other)
			}
		}
		digests[name] = digest
	}
}
