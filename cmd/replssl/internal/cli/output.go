package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"github.com/replssl/replssl/remote/plain"
)

// output is where results go. It remembers the first write that failed, so that no command has to look after each line.
//
// A reader that went away is none: whoever closes a pipe has read what they wanted.
type output struct {
	to     io.Writer
	failed error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	if err != nil && o.failed == nil && !errors.Is(err, syscall.EPIPE) {
		o.failed = err
	}
	return n, err
}

// outcome is what a command comes to that ended with err. One whose result was all that it had to tell failed when that was not written;
// one that failed with words of its own keeps its exit code.
func (o *output) outcome(err error) error {
	if o.failed == nil {
		return err
	}
	unwritten := "the result could not be written: " + systemText(o.failed)
	if err == nil || err.Error() == "" || errors.Is(err, o.failed) {
		return errors.New(unwritten)
	}
	return fmt.Errorf("%w; %s", err, unwritten)
}

// systemText leaves out the path, which for a stream of the process says nothing.
func systemText(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return plain.Cause(err)
}
