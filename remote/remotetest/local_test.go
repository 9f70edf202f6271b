package remotetest_test

import (
	"testing"

	"github.com/replssl/replssl/remote"
	"github.com/replssl/replssl/remote/remotetest"
)

func TestLocalConforms(t *testing.T) {
	remotetest.Conformance(t, func(*testing.T) remote.Host { return remotetest.NewLocal("here") })
}
