package runbook

import (
	"path"
	"slices"
	"strconv"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/orchestrate/plan"
)

// repairSet names each file, so that nothing else in the folder is given away.
func (w *writer) repairSet(a plan.RepairSet) ([]command, error) {
	root := path.Join(a.Dir, "versions")
	data := struct {
		Root, Version, Owner, Login string
		CRL                         bool
	}{Root: root, Version: path.Join(root, strconv.Itoa(a.Version))}
	set := w.facts.Server(a.Server).TLSDir.Or(facts.TLSDir{}).Sets[a.Version]
	data.CRL = set.CRL != ""
	if w.isRoot(a.Server) {
		data.Owner = a.Owner
	}
	if set.Owner != "" && w.isRoot(a.Server) {
		data.Login = "root"
	}
	return w.shell(a, onHost, "repair-set", data)
}

// pruneSets names each folder that goes, as it was seen.
func (w *writer) pruneSets(a plan.PruneSets) ([]command, error) {
	var gone []string
	for _, version := range sortedSets(w.facts.Server(a.Server).TLSDir.Or(facts.TLSDir{}).Sets) {
		if !slices.Contains(a.Keep, version) {
			gone = append(gone, path.Join(a.Dir, "versions", strconv.Itoa(version)))
		}
	}
	return w.shell(a, onHost, "prune-sets", gone)
}

func sortedSets(sets map[int]facts.FileSet) []int {
	var versions []int
	for version := range sets {
		versions = append(versions, version)
	}
	slices.Sort(versions)
	return versions
}
