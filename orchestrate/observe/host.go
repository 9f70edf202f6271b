package observe

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/fileset"
	"github.com/replssl/replssl/remote/process"
	"github.com/replssl/replssl/remote/seen"
	"github.com/replssl/replssl/remote/shell"
)

// place is where on its host a server is found.
type place struct {
	pidFile string
	dataDir string
	osUser  string // whom the server runs as
}

// usualUser is whom a server that was never met is taken to run as, until its process is seen.
const usualUser = "mysql"

// lookAtHost looks at everything that is asked for on the host: with one command, if the server is where the last look found it. Otherwise
// once more, when the server has told where it is.
func (g *glance) lookAtHost(ctx context.Context, met <-chan struct{}) {
	last := g.observer.memory.of(g.server.Name)
	early := g.beginCheck(ctx, last)
	defer early.wait()
	guess := last.place
	if guess.pidFile != "" {
		g.survey(ctx, guess)
	}
	<-met
	instance, ok := g.seen.Instance.Get()
	if !ok {
		g.withoutInstance(ctx, early)
		return
	}
	here := place{pidFile: instance.PidFile, dataDir: instance.DataDir, osUser: cmp.Or(guess.osUser, usualUser)}
	if here != guess {
		g.survey(ctx, here)
	}
	if g.meets {
		g.asItsUser(ctx, here)
	}
	g.lookAtConfinement(ctx)
	g.lookAtUsed(ctx)
	g.lookAtOptionFiles(ctx, early)
}

// withoutInstance looks at what needs no answer of the server.
func (g *glance) withoutInstance(ctx context.Context, early *earlyCheck) {
	g.seen.Process, g.seen.Service = facts.As[facts.Process](g.seen.Instance), facts.As[facts.Service](g.seen.Instance)
	g.seen.Clock = facts.As[time.Duration](g.seen.Instance)
	blank(g, facts.PartUsed, &g.seen.Used)
	switch {
	case !g.wants(onFiles):
	case g.away != nil:
		g.seen.TLSDir = failed[facts.TLSDir](g.away)
	case ctx.Err() != nil: // all the time went into waiting for the server
		g.seen.TLSDir = facts.As[facts.TLSDir](g.seen.Instance)
	default:
		g.survey(ctx, place{})
	}
	g.lookAtOptionFiles(ctx, early)
}

// asItsUser looks at the files once more when the server does not run as the user who was sent to read them.
func (g *glance) asItsUser(ctx context.Context, tried place) {
	p, ok := g.seen.Process.Get()
	dir := g.seen.TLSDir.Or(facts.TLSDir{})
	if g.reader != p.OSUser && (len(dir.Sets) > 0 || dir.Kind == facts.DirOther) {
		g.survey(ctx, place{dataDir: tried.dataDir, osUser: p.OSUser})
	}
	if ok {
		tried.osUser = p.OSUser
		g.observer.memory.keep(g.server.Name, func(r *remembered) { r.place, r.process = tried, g.found })
	}
}

// needsProcess: who the server runs as, a look at its process tells. The next look at files alone trusts it, since a server that runs as
// somebody else was restarted, and nothing is proven of a restart without a look at the process.
func (g *glance) needsProcess() bool {
	return g.wants(onProcess) || g.wants(onFiles) && g.observer.memory.of(g.server.Name).place.osUser == ""
}

// portion is a part of what is asked of a host in one command.
type portion struct {
	line shell.Line
	take func(printed []byte, err error)
}

// survey asks the host for all parts that can be had at that place; without a PID file the process is left out.
func (g *glance) survey(ctx context.Context, at place) {
	var portions []portion
	if g.meets = g.needsProcess(); g.meets && at.pidFile != "" {
		portions = append(portions, g.processPortion(at), g.clockPortion())
		if g.wants(facts.PartService) {
			portions = append(portions, g.servicePortion(at.pidFile)) // behind the process, with which it is compared
		}
	}
	if g.wants(facts.PartConfig) && at.pidFile != "" {
		portions = append(portions, g.serversPortion())
	}
	if g.wants(onFiles) {
		g.reader = at.osUser
		portions = append(portions, g.filesPortion(at.osUser))
	}
	if picks := g.known(at); len(picks) > 0 {
		portions = append(portions, g.readPortion(picks))
	}
	if folder := g.observer.memory.of(g.server.Name).includeDir; g.wants(facts.PartConfig) && folder != "" {
		portions = append(portions, g.guardPortion(folder))
	}
	g.runTogether(ctx, portions)
}

func (g *glance) processPortion(at place) portion {
	known := g.observer.memory.of(g.server.Name).process
	return portion{process.LookPIDFile(at.pidFile, at.dataDir, known), func(printed []byte, err error) {
		found, unseen := read(g, "looking at the process in "+at.pidFile, printed, err, func(printed []byte) (seen.Value[process.Process], error) {
			return process.ParseLook(printed, known)
		})
		if unseen != nil {
			found = seen.Unknown[process.Process](unseen.Error())
		}
		g.takeProcess(at.pidFile, found)
	}}
}

// clockPortion bounds the host's clock by ours, before the command was sent and after it was answered.
func (g *glance) clockPortion() portion {
	before := g.observer.now()
	return portion{process.Clock(), func(printed []byte, err error) {
		told, unseen := read(g, "looking at the clock of the host", printed, err, process.ParseClock)
		now, ok := told.Get()
		switch {
		case unseen != nil:
			g.seen.Clock = failed[time.Duration](unseen)
		case !ok:
			g.seen.Clock = facts.Unknown[time.Duration](g.named(told.Why()))
		default:
			g.seen.Clock = facts.Known(process.Ahead(now, before, g.observer.now()))
		}
	}}
}

func (g *glance) filesPortion(reader string) portion {
	return portion{fileset.Look(g.server.TLSDir, reader, slices.Sorted(maps.Keys(g.keys))...), func(printed []byte, err error) {
		state, unseen := read(g, "looking at "+g.server.TLSDir, printed, err, fileset.ParseLook)
		g.takeFiles(state, unseen)
	}}
}

func (g *glance) readPortion(picks []file.Pick) portion {
	return portion{file.ReadMany(picks...), func(printed []byte, err error) {
		found, unseen := read(g, "reading files", printed, err, file.ParseReadMany)
		if unseen != nil || len(found) != len(picks) {
			return // whoever needs a file asks for it again, and tells why it cannot be had
		}
		for i, pick := range picks {
			g.fetched[pick] = found[i]
		}
	}}
}

// known are the files that a trial login will need and, as far as the last look knows, the option files: read with the rest, they cost
// no wait of their own.
func (g *glance) known(at place) []file.Pick {
	var picks []file.Pick
	if g.wants(onTrial) && at.dataDir != "" && g.observer.cluster.Account.PasswordFile == "" {
		picks = append(picks, receiverFiles(at.dataDir))
	}
	if g.wants(facts.PartConfig) {
		picks = append(picks, g.observer.memory.of(g.server.Name).optionFiles...)
	}
	if g.wants(facts.PartTrial) {
		picks = append(picks, g.inUse()...)
	}
	return picks
}
