package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// document is a plan as JSON: schema 1.
type document struct {
	Schema   int       `json:"schema"`
	Cluster  string    `json:"cluster"`
	Digest   string    `json:"digest"`
	Steps    []stepDoc `json:"steps"`
	Left     []string  `json:"left,omitempty"` // replicas that a scope leaves out
	Blocked  []Blocked `json:"blocked"`
	Warnings []Warning `json:"warnings"`
}

type stepDoc struct {
	ID      string      `json:"id"`
	Title   string      `json:"title"`
	Target  string      `json:"target"`
	Reason  string      `json:"reason"`
	Impact  string      `json:"impact"`
	Needs   []string    `json:"needs"`
	Goal    string      `json:"goal"`
	Guards  []string    `json:"guards"`
	Actions []actionDoc `json:"actions"`
	Undo    []actionDoc `json:"undo"`
	NoUndo  string      `json:"no_undo,omitempty"`
}

type actionDoc struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
	Args Action `json:"args"`
}

// MarshalJSON renders the plan with its digest.
func (p Plan) MarshalJSON() ([]byte, error) {
	doc := document{
		Schema: 1, Cluster: p.Cluster, Digest: p.Digest(), Steps: make([]stepDoc, len(p.Steps)),
		Blocked: append([]Blocked{}, p.Blocked...), Warnings: append([]Warning{}, p.Warnings...),
	}
	for i, s := range p.Steps {
		doc.Steps[i] = describe(s)
	}
	for _, server := range p.Left {
		doc.Left = append(doc.Left, string(server))
	}
	return json.Marshal(doc)
}

func describe(s Step) stepDoc {
	doc := stepDoc{
		ID: s.ID, Title: s.Title, Target: TargetName(s.Target), Reason: s.Reason, Impact: s.Impact, Needs: append([]string{}, s.Needs...),
		Goal: s.Goal.String(), Guards: make([]string, len(s.Guards)), Actions: actionDocs(s.Actions), Undo: actionDocs(s.Undo.Actions), NoUndo: s.Undo.Reason,
	}
	for i, g := range s.Guards {
		doc.Guards[i] = g.Condition.String()
	}
	return doc
}

func actionDocs(actions []Action) []actionDoc {
	docs := make([]actionDoc, len(actions))
	for i, a := range actions {
		docs[i] = actionDoc{Kind: a.kind(), Text: a.String(), Args: a}
	}
	return docs
}

// commitment is what a digest covers of a step: its document and, since sentences leave some of it out, everything that its
// conditions compare with.
type commitment struct {
	stepDoc

	Compared []any
	Rescue   []actionDoc
	Found    []Found
}

func commit(s Step) commitment {
	c := commitment{stepDoc: describe(s), Compared: []any{s.Goal}, Rescue: actionDocs(s.Rescue), Found: SortedThreads(s.Found)}
	c.Reason, c.Impact = "", ""
	for _, guard := range s.Guards {
		c.Compared = append(c.Compared, guard)
	}
	if s.Rescued != nil {
		c.Compared = append(c.Compared, s.Rescued.String(), s.Rescued)
	}
	return c
}

// Digest names what the plan would do: the first twelve hex digits of a SHA-256 over steps, needs, goals, guards and actions. Reasons,
// impacts and warnings are left out, since they tell of sessions that come and go.
func (p Plan) Digest() string {
	hash := sha256.New()
	encoder := json.NewEncoder(hash)
	for _, s := range p.Steps {
		if err := encoder.Encode(commit(s)); err != nil {
			return "" // cannot happen: every action is plain data
		}
	}
	for _, blocked := range p.Blocked {
		_, _ = hash.Write([]byte(string(blocked.Target) + "\x00" + blocked.Why + "\x00"))
	}
	return hex.EncodeToString(hash.Sum(nil))[:12]
}

// TargetName is how texts call a target.
func TargetName[S ~string](target S) string {
	if strings.TrimSpace(string(target)) == "" {
		return "here"
	}
	return string(target)
}
