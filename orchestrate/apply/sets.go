package apply

import (
	"context"

	"github.com/replssl/replssl/orchestrate/plan"
	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/fileset"
)

func (x *Executor) repairSet(ctx context.Context, a plan.RepairSet) error {
	return x.run(ctx, a.Server, remote.Command{Line: fileset.Repair(a.Dir, a.Version, a.Owner)})
}

func (x *Executor) pruneSets(ctx context.Context, a plan.PruneSets) error {
	return x.run(ctx, a.Server, remote.Command{Line: fileset.Prune(a.Dir, a.Keep...)})
}
