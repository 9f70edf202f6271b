package apply

import (
	"bytes"
	"context"

	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/fileset"
)

// trustSet lets the server's user read the set where it lies, before anything points at it.
func (x *Executor) trustSet(ctx context.Context, a plan.TrustSet) error {
	archive, err := fileset.PackCA([]byte(x.store.State().CA.PEM))
	if err != nil {
		return &unsentError{err}
	}
	return x.run(ctx, a.Server, remote.Command{Line: fileset.Derive(a.Dir, a.Version, a.From, a.Owner), Stdin: bytes.NewReader(archive)})
}

func (x *Executor) repairSet(ctx context.Context, a plan.RepairSet) error {
	return x.run(ctx, a.Server, remote.Command{Line: fileset.Repair(a.Dir, a.Version, a.Owner)})
}

func (x *Executor) pruneSets(ctx context.Context, a plan.PruneSets) error {
	return x.run(ctx, a.Server, remote.Command{Line: fileset.Prune(a.Dir, a.Keep...)})
}
