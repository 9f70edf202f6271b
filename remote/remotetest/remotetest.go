// Package remotetest is the kit for tests that need a host: fakes, an SSH server in this process, and the suite that every
// remote.Host passes.
package remotetest

// T is what the kit needs of a *testing.T or *rapid.T.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Cleanup(cleanup func())
}
