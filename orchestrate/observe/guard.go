package observe

import (
	"context"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote/file"
)

// guardPortion asks who else could put a file into an include folder.
func (g *glance) guardPortion(folder string) portion {
	return portion{file.Guard(folder), func(printed []byte, err error) {
		guard, unseen := read(g, "looking at who may write to "+folder, printed, err, file.ParseGuard)
		g.guards[folder] = risk(guard)
		if unseen != nil {
			g.guards[folder] = failed[facts.Risk](unseen)
		}
	}}
}

// riskOf is that of the folder of our option file. The next look asks for it with the rest.
func (g *glance) riskOf(ctx context.Context, folder string) facts.Value[facts.Risk] {
	if folder == "" {
		return facts.Absent[facts.Risk]()
	}
	g.observer.memory.keep(g.server.Name, func(r *remembered) { r.includeDir = folder })
	if _, asked := g.guards[folder]; !asked {
		g.runTogether(ctx, []portion{g.guardPortion(folder)})
	}
	return g.guards[folder]
}
