package observe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/replssl/replssl/orchestrate/access"
	"github.com/replssl/replssl/orchestrate/facts"
	"github.com/replssl/replssl/remote/file"
	"github.com/replssl/replssl/remote/secret"
)

// Where a password can be had.
const (
	fromFile  facts.Source = "account.password_file"
	fromFiles facts.Source = "the receiver's own settings (master.info)"
	fromTable facts.Source = "the receiver's own settings (mysql.slave_master_info)"

	passwordHint = "set account.password_file in the inventory to a file on this machine that has the password as its one line"
	differsHint  = "give the channel the password that the account has, by hand: stop its receiver, CHANGE ... PASSWORD='...', start it; or correct account.password_file"
	fileHint     = "correct account.password_file in the inventory, or the file: it has the password as its one line"
)

// password is the account's, together with where it was found. It is read anew for every look and kept nowhere.
type password struct {
	text   secret.Text
	source facts.Source
}

// lookForPassword tells where the password can be had; a server without a channel of the account needs none.
func (g *glance) lookForPassword(ctx context.Context) facts.Value[facts.Source] {
	channels, ok := g.seen.Channels.Get()
	if !ok {
		return facts.As[facts.Source](g.seen.Channels)
	}
	for _, c := range channels {
		if c.SourceUser != g.observer.cluster.Account.User {
			continue
		}
		found := g.passwordOf(ctx, c)
		if p, ok := found.Get(); ok {
			return facts.Known(p.source)
		}
		return facts.As[facts.Source](found)
	}
	return facts.Absent[facts.Source]()
}

// passwordOf finds the password by which the channel logs in. What the replica keeps of it may not be readable here; where it is, and is another
// than the one that the inventory names, nothing is tried by either: a login by the one tells nothing of a receiver that starts by the other.
func (g *glance) passwordOf(ctx context.Context, c facts.Channel) facts.Value[password] {
	kept := g.fromReceiver(ctx, c)
	name := g.observer.cluster.Account.PasswordFile
	if name == "" {
		if kept.IsUnknown() {
			return kept.WithHint(passwordHint)
		}
		return kept
	}
	found := fromPasswordFile(name)
	given, ok := found.Get()
	if own, readable := kept.Get(); ok && readable && !own.text.Equal(given.text) {
		return facts.Unknownf[password]("%s starts its receiver by another password than the one in %s, that of %s", g.server.Name, fromFile, own.source).
			WithHint(differsHint)
	}
	return found
}

func fromPasswordFile(name string) facts.Value[password] {
	text, err := os.ReadFile(name)
	if err != nil {
		return facts.Unknownf[password]("the password file: %v", err).WithHint(fileHint)
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	if line == "" || strings.ContainsAny(line, "\r\n") {
		return facts.Unknownf[password]("the password file %s does not hold one line with a password", name).WithHint(fileHint)
	}
	return facts.Known(password{text: secret.New(line), source: fromFile})
}

// fromReceiver finds the password where the replica itself keeps it.
func (g *glance) fromReceiver(ctx context.Context, c facts.Channel) facts.Value[password] {
	instance, ok := g.seen.Instance.Get()
	switch {
	case !ok:
		return facts.As[password](g.seen.Instance)
	case !instance.LoginsInTable:
		return g.fromMasterInfo(ctx, instance, c)
	}
	kept := access.Ask(ctx, g.asker(), g.dialect.ReceiverPassword(c.Name))
	text, ok := kept.Get()
	switch {
	case !ok:
		return facts.As[password](kept)
	case text.IsZero():
		return facts.Unknown[password](g.named("mysql.slave_master_info has no password of the channel"))
	}
	return facts.Known(password{text: text, source: fromTable})
}

// fromMasterInfo reads the files in which a server keeps a receiver's settings: master.info for the default channel, and one for each
// named channel, of which the name is encoded. So the channel's file is found by what is in it.
func (g *glance) fromMasterInfo(ctx context.Context, instance facts.Instance, c facts.Channel) facts.Value[password] {
	list := g.receiverFiles(ctx, instance)
	files, ok := list.Get()
	if !ok {
		return facts.As[password](list)
	}
	info := g.matching(files, of(c))
	login, ok := info.Get()
	if !ok {
		return facts.As[password](info)
	}
	return facts.Known(password{text: login.password, source: fromFiles})
}

func (g *glance) receiverFiles(ctx context.Context, instance facts.Instance) facts.Value[[]file.Found] {
	found, err := g.fetch(ctx, []file.Pick{receiverFiles(instance.DataDir)})
	switch {
	case err != nil:
		return failed[[]file.Found](err)
	case len(found) != 1 || found[0].IsAbsent():
		return facts.Unknownf[[]file.Found]("%s: its data folder %s was not found", g.server.Name, instance.DataDir)
	}
	list, ok := found[0].Get()
	if !ok {
		return facts.Unknown[[]file.Found](g.named(instance.DataDir + ": " + found[0].Why()))
	}
	return facts.Known(list)
}

// lookForLogins tells what the server keeps of its receivers' logins.
func (g *glance) lookForLogins(ctx context.Context) facts.Value[map[string]facts.KeptLogin] {
	instance, ok := g.seen.Instance.Get()
	channels, seen := g.seen.Channels.Get()
	switch {
	case !ok:
		return facts.As[map[string]facts.KeptLogin](g.seen.Instance)
	case !seen:
		return facts.As[map[string]facts.KeptLogin](g.seen.Channels)
	case !g.dialect.ForgetsLogins(), len(channels) == 0:
		return facts.Absent[map[string]facts.KeptLogin]()
	case instance.LoginsInTable:
		return g.loginsInTable(ctx)
	}
	return g.loginsInFile(ctx, instance, channels)
}

func (g *glance) loginsInTable(ctx context.Context) facts.Value[map[string]facts.KeptLogin] {
	asked := access.Ask(ctx, g.asker(), g.dialect.Logins())
	list, ok := asked.Get()
	if !ok {
		return facts.As[map[string]facts.KeptLogin](asked)
	}
	logins := map[string]facts.KeptLogin{}
	for _, login := range list {
		logins[login.Channel] = login.KeptLogin
	}
	return facts.Known(logins)
}

// loginsInFile: a server that keeps logins in a file has one channel (MySQL 5.7 refuses more with 3077).
func (g *glance) loginsInFile(ctx context.Context, instance facts.Instance, channels []facts.Channel) facts.Value[map[string]facts.KeptLogin] {
	list := g.receiverFiles(ctx, instance)
	files, ok := list.Get()
	if !ok {
		return facts.As[map[string]facts.KeptLogin](list)
	}
	logins := map[string]facts.KeptLogin{}
	for _, c := range channels {
		info := g.matching(files, func(info masterInfo) bool { return info.host == c.SourceHost && info.port == c.SourcePort })
		login, ok := info.Get()
		if !ok {
			return facts.As[map[string]facts.KeptLogin](info)
		}
		logins[c.Name] = facts.KeptLogin{User: login.user, Password: !login.password.IsZero()}
	}
	return facts.Known(logins)
}

func receiverFiles(dataDir string) file.Pick { return file.Pick{Folder: dataDir, Name: "master*.info"} }

// matching finds the file of the channel. One that could not be read is the reason why none is found, since it may be the one.
func (g *glance) matching(list []file.Found, of func(masterInfo) bool) facts.Value[masterInfo] {
	why := "no file master*.info in its data folder is that of the channel"
	for _, f := range list {
		content, ok := f.Content.Get()
		if !ok {
			why = fmt.Sprintf("%s: %s", f.Path, f.Content.Why())
			continue
		}
		info, err := parseMasterInfo(content.Text)
		if err != nil {
			why = fmt.Sprintf("%s: %v", f.Path, err)
			continue
		}
		if of(info) {
			return facts.Known(info)
		}
	}
	return facts.Unknown[masterInfo](g.named(why))
}

// masterInfo is a receiver's login.
type masterInfo struct {
	host, user string
	port       int
	password   secret.Text
}

var errMasterInfo = errors.New("it is not laid out as MariaDB lays it out")

// of says that it is the login by which the channel is logged in.
func of(c facts.Channel) func(masterInfo) bool {
	return func(info masterInfo) bool {
		return info.host == c.SourceHost && info.port == c.SourcePort && info.user == c.SourceUser
	}
}

// parseMasterInfo reads the lines of such a file, which are not escaped (tried on MariaDB 10.11): how many lines there are, log file,
// position, host, user, password, port. Errors quote nothing.
func parseMasterInfo(text secret.Text) (masterInfo, error) {
	lines := strings.Split(text.Reveal(), "\n")
	if len(lines) < 8 {
		return masterInfo{}, errMasterInfo
	}
	count, countErr := strconv.Atoi(lines[0])
	port, portErr := strconv.Atoi(lines[6])
	if countErr != nil || portErr != nil || count < 7 {
		return masterInfo{}, errMasterInfo
	}
	return masterInfo{host: lines[3], user: lines[4], port: port, password: secret.New(lines[5])}, nil
}
