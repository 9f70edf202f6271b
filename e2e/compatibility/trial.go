// Package compatibility keeps what was seen of the versions of servers: which scenario ended how on which pair, and the page that tells it.
package compatibility

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Server is a server as people name it.
type Server struct {
	Family  string // MySQL or MariaDB
	Version string // 5.7.22
}

func (s Server) String() string { return s.Family + " " + s.Version }

// Compare sorts servers by family and then by number: 5.6.24 before 10.1.
func (s Server) Compare(other Server) int {
	return cmp.Or(-strings.Compare(s.Family, other.Family), slices.Compare(s.numbers(), other.numbers()))
}

func (s Server) numbers() []int {
	var list []int
	for part := range strings.SplitSeq(s.Version, ".") {
		n, _ := strconv.Atoi(part) // a version is taken apart for its order alone
		list = append(list, n)
	}
	return list
}

// Before says that the server is older than a release.
func (s Server) Before(release ...int) bool { return slices.Compare(s.numbers(), release) < 0 }

// Pair is a primary and its replicas.
type Pair struct{ Primary, Replica Server }

// Own says that all are the same.
func (p Pair) Own() bool { return p.Primary == p.Replica }

func (p Pair) String() string {
	if p.Own() {
		return p.Primary.String()
	}
	return p.Primary.String() + " to " + p.Replica.String()
}

// Compare sorts pairs by primary and then by replica.
func (p Pair) Compare(other Pair) int {
	return cmp.Or(p.Primary.Compare(other.Primary), p.Replica.Compare(other.Replica))
}

// Outcome is how a scenario ended.
type Outcome string

// The outcomes.
const (
	Works   Outcome = "works"
	Refused Outcome = "refused" // by name and before anything was touched, as the scenario expects on these servers
	Without Outcome = "without" // the scenario has no meaning on these servers
	Lacking Outcome = "lacking" // it has one, and the servers of the tests lack what it takes
	Failed  Outcome = "failed"  // a defect of replssl or of the scenario
)

// Trial is one scenario, played on one pair.
type Trial struct {
	Pair     Pair
	Scenario string
	Outcome  Outcome
	Why      string // of what does not work
	Program  string // the replssl that was played with, by the hash of its file
	Rows     int    // that were written meanwhile, all of which arrived

	// The longest that a receiver and an applier which were found running stood still.
	Receiver, Applier time.Duration
}

// file is the name under which a trial is kept, the same whenever it is played again.
func (t Trial) file() string {
	return regexp.MustCompile(`[^a-zA-Z0-9.]+`).ReplaceAllString(t.Pair.String()+" "+t.Scenario, "-") + ".json"
}

// Keep writes the trial to a folder, over what an earlier one left there.
func (t Trial) Keep(dir string) error {
	text, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("keep a trial: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, t.file()), text, 0o644)
}

// IsKept says that the folder has this trial already, of the same program.
func (t Trial) IsKept(dir string) bool {
	kept, err := read(filepath.Join(dir, t.file()))
	return err == nil && kept.Program == t.Program && kept.Outcome != Failed
}

// Kept reads the trials of a folder.
func Kept(dir string) ([]Trial, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var trials []Trial
	for _, name := range files {
		t, err := read(name)
		if err != nil {
			return nil, err
		}
		trials = append(trials, t)
	}
	return trials, nil
}

func read(name string) (t Trial, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return Trial{}, err
	}
	if err := json.Unmarshal(text, &t); err != nil {
		return Trial{}, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}
