package mortal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// tracer is one command under ptrace. All its calls come from one thread, as ptrace demands.
type tracer struct {
	folder  string
	death   Death
	first   int
	inside  map[int]bool // by thread: within a system call
	counted map[int]bool // by thread: within one that counts
	outcome Outcome
}

const options = syscall.PTRACE_O_TRACESYSGOOD | syscall.PTRACE_O_TRACEFORK | syscall.PTRACE_O_TRACEVFORK | syscall.PTRACE_O_TRACECLONE |
	syscall.PTRACE_O_TRACEEXEC | exitKill

const (
	exitKill = 0x100000 // PTRACE_O_EXITKILL: nothing outlives the test
	sysGood  = 0x80     // marks a stop at a system call
)

func trace(line string, files []uintptr, folder string, as *syscall.Credential, death Death) (Outcome, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", line}, &syscall.ProcAttr{
		Dir: "/", Env: os.Environ(), Files: files, Sys: &syscall.SysProcAttr{Ptrace: true, Setpgid: true, Credential: as},
	})
	if err != nil {
		return Outcome{}, fmt.Errorf("the command cannot be traced: %w", err)
	}
	t := &tracer{folder: folder, death: death, first: pid, inside: map[int]bool{}, counted: map[int]bool{}}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || !status.Stopped() {
		return Outcome{}, fmt.Errorf("the command did not stop to be traced: %v, %w", status, err)
	}
	err = syscall.PtraceSetOptions(pid, options)
	if err == nil {
		t.inside[pid] = false
		err = t.follow(pid)
	}
	t.kill()
	return t.outcome, err
}

// follow lets the command run, from stop to stop, until all of it has ended or it is time to die.
func (t *tracer) follow(pid int) error {
	if err := syscall.PtraceSyscall(pid, 0); err != nil {
		return err
	}
	for {
		var status syscall.WaitStatus
		// For those of its process group alone: the thread may be the parent of what another test has started.
		at, err := syscall.Wait4(-t.first, &status, syscall.WALL|syscall.WNOTHREAD, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.ECHILD):
			return nil
		case err != nil:
			return err
		case status.Exited() || status.Signaled():
			delete(t.inside, at)
			if at == t.first {
				t.outcome.Status = status.ExitStatus()
			}
			continue
		}
		signal, dies := t.stopped(at, status)
		if dies {
			t.outcome.Died = true
			return nil
		}
		if err := syscall.PtraceSyscall(at, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
}

// stopped tells the signal to go on with, and whether it is time to die.
func (t *tracer) stopped(pid int, status syscall.WaitStatus) (signal int, dies bool) {
	if _, known := t.inside[pid]; !known { // a new process begins with a stop
		t.inside[pid] = false
		if status.StopSignal() == syscall.SIGSTOP {
			return 0, false
		}
	}
	switch stop := status.StopSignal(); stop {
	case syscall.SIGTRAP | sysGood:
		return 0, t.call(pid)
	case syscall.SIGTRAP: // it began a program, or another process
		return 0, false
	default:
		return int(stop), false
	}
}

// call is at the beginning or the end of a system call.
func (t *tracer) call(pid int) (dies bool) {
	if t.inside[pid] {
		t.inside[pid] = false
		counted := t.counted[pid]
		t.counted[pid] = false
		return counted && t.death.After && t.death.Call == len(t.outcome.Calls)
	}
	t.inside[pid] = true
	var registers syscall.PtraceRegs
	if syscall.PtraceGetRegs(pid, &registers) != nil {
		return false
	}
	what, changes := t.describe(pid, registers)
	if !changes {
		return false
	}
	t.counted[pid] = true
	t.outcome.Calls = append(t.outcome.Calls, what)
	return !t.death.After && t.death.Call == len(t.outcome.Calls)
}

// kill ends everything and waits until it is gone.
func (t *tracer) kill() {
	for pid := range t.inside {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-t.first, &status, syscall.WALL|syscall.WNOTHREAD, nil)
		if errors.Is(err, syscall.ECHILD) {
			return
		}
		if err == nil && status.Stopped() { // one that was just born
			_ = syscall.Kill(pid, syscall.SIGKILL)
			_ = syscall.PtraceCont(pid, 0)
		}
	}
}

// describe tells a system call that can change something in the folder.
func (t *tracer) describe(pid int, r syscall.PtraceRegs) (what string, changes bool) {
	args := []uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8}
	if call, is := byDescriptor()[r.Orig_rax]; is {
		path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, int(args[call.at])))
		return call.name + " " + t.short(path), err == nil && t.within(strings.TrimSuffix(path, " (deleted)"))
	}
	call, is := byPath()[r.Orig_rax]
	if !is || call.opens >= 0 && args[call.opens]&(syscall.O_WRONLY|syscall.O_RDWR|syscall.O_CREAT|syscall.O_TRUNC) == 0 {
		return "", false
	}
	path := t.path(pid, args, call)
	return call.name + " " + t.short(path), t.within(path)
}

// path is the absolute path of a call's argument, as far as the folder that it is named from.
func (t *tracer) path(pid int, args []uint64, call call) string {
	path := text(pid, uintptr(args[call.at]))
	if filepath.IsAbs(path) {
		if number, is := strings.CutPrefix(path, "/proc/self/fd/"); is {
			path, _ = os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, number))
		}
		return path
	}
	from := fmt.Sprintf("/proc/%d/cwd", pid)
	if call.from >= 0 && int32(args[call.from]) >= 0 {
		from = fmt.Sprintf("/proc/%d/fd/%d", pid, int32(args[call.from]))
	}
	folder, _ := os.Readlink(from)
	return filepath.Join(strings.TrimSuffix(folder, " (deleted)"), path)
}

func text(pid int, at uintptr) string {
	buffer := make([]byte, 4096)
	n, err := syscall.PtracePeekData(pid, at, buffer)
	if err != nil && n == 0 {
		return ""
	}
	before, _, _ := strings.Cut(string(buffer[:n]), "\x00")
	return before
}

func (t *tracer) within(path string) bool {
	return path == t.folder || strings.HasPrefix(path, t.folder+"/")
}

func (t *tracer) short(path string) string { return "." + strings.TrimPrefix(path, t.folder) }

// call is where a system call has what it is about.
type call struct {
	name  string
	at    int // the path or the descriptor
	from  int // the descriptor of the folder that a path starts at; -1: none
	opens int // the flags of an open; -1: it is none
}

func byDescriptor() map[uint64]call {
	of := func(name string) call { return call{name: name} }
	return map[uint64]call{
		syscall.SYS_WRITE: of("write"), syscall.SYS_PWRITE64: of("pwrite"), syscall.SYS_WRITEV: of("writev"), syscall.SYS_PWRITEV: of("pwritev"),
		syscall.SYS_SENDFILE: of("sendfile"), 326: {name: "copy_file_range", at: 2}, syscall.SYS_SPLICE: {name: "splice", at: 2},
		syscall.SYS_FSYNC: of("fsync"), syscall.SYS_FDATASYNC: of("fdatasync"), 306: of("syncfs"), syscall.SYS_FTRUNCATE: of("ftruncate"),
		syscall.SYS_FALLOCATE: of("fallocate"), syscall.SYS_FCHMOD: of("fchmod"), syscall.SYS_FCHOWN: of("fchown"),
		syscall.SYS_FSETXATTR: of("fsetxattr"), syscall.SYS_FREMOVEXATTR: of("fremovexattr"),
	}
}

func byPath() map[uint64]call {
	plain := func(name string, at int) call { return call{name, at, -1, -1} }
	from := func(name string, at int) call { return call{name, at, at - 1, -1} }
	return map[uint64]call{
		syscall.SYS_OPEN: {"open", 0, -1, 1}, syscall.SYS_OPENAT: {"open", 1, 0, 2}, syscall.SYS_CREAT: plain("creat", 0),
		syscall.SYS_MKDIR: plain("mkdir", 0), syscall.SYS_MKDIRAT: from("mkdir", 1), syscall.SYS_MKNOD: plain("mknod", 0), syscall.SYS_MKNODAT: from("mknod", 1),
		syscall.SYS_RENAME: plain("rename", 0), syscall.SYS_RENAMEAT: from("rename", 1), 316: from("rename", 1),
		syscall.SYS_LINK: plain("link", 1), syscall.SYS_LINKAT: from("link", 3), syscall.SYS_SYMLINK: plain("symlink", 1), syscall.SYS_SYMLINKAT: from("symlink", 2),
		syscall.SYS_UNLINK: plain("unlink", 0), syscall.SYS_UNLINKAT: from("unlink", 1), syscall.SYS_RMDIR: plain("rmdir", 0),
		syscall.SYS_CHMOD: plain("chmod", 0), syscall.SYS_FCHMODAT: from("chmod", 1), 452: from("chmod", 1),
		syscall.SYS_CHOWN: plain("chown", 0), syscall.SYS_LCHOWN: plain("chown", 0), syscall.SYS_FCHOWNAT: from("chown", 1),
		syscall.SYS_TRUNCATE: plain("truncate", 0), syscall.SYS_UTIMENSAT: from("utimens", 1),
		syscall.SYS_SETXATTR: plain("setxattr", 0), syscall.SYS_LSETXATTR: plain("setxattr", 0), syscall.SYS_REMOVEXATTR: plain("removexattr", 0),
		syscall.SYS_LREMOVEXATTR: plain("removexattr", 0),
	}
}
