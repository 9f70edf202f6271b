package live

import (
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

// signals are what the system tells about the terminal, and what asks the process to end.
type signals struct {
	resized    chan os.Signal
	suspended  chan os.Signal
	continued  chan os.Signal
	interrupts chan os.Signal
	most       int // interrupts; the last of them ends the process
	stopped    chan struct{}
}

func listen(interrupted bool) *signals {
	s := &signals{
		resized: make(chan os.Signal, 1), suspended: make(chan os.Signal, 1), continued: make(chan os.Signal, 1),
		interrupts: make(chan os.Signal, 2), most: 2, stopped: make(chan struct{}),
	}
	if interrupted {
		s.most = 1
	}
	signal.Notify(s.resized, unix.SIGWINCH)
	signal.Notify(s.suspended, unix.SIGTSTP)
	signal.Notify(s.continued, unix.SIGCONT)
	signal.Notify(s.interrupts, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	return s
}

func (s *signals) stop() {
	for _, c := range []chan os.Signal{s.resized, s.suspended, s.continued, s.interrupts} {
		signal.Stop(c)
	}
	close(s.stopped)
}

// guard lets the second interrupt, or the first SIGQUIT, end the process, as it does where nothing is drawn, but gives the terminal back
// before. The first interrupt is for the run alone.
func (s *signals) guard(giveBack func()) {
	var last os.Signal
	for left := s.most; left > 0 && last != unix.SIGQUIT; left-- {
		select {
		case last = <-s.interrupts:
		case <-s.stopped:
			return
		}
	}
	giveBack()
	send(last)
}

// suspend stops the process as Ctrl-Z does where nothing is drawn, and comes back when it goes on. Where no shell made a group of
// processes for it nobody could let it go on, and the system would not have stopped it either.
func (s *signals) suspend() {
	if session, err := unix.Getsid(0); err != nil || unix.Getpgrp() == session {
		return
	}
	_ = unix.Kill(unix.Getpid(), unix.SIGSTOP) // once it is asked for, Go never gives a SIGTSTP its own effect back
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-s.continued:
	case <-timer.C:
	}
}

// send lets a signal have the effect on this process that it has by itself.
func send(which os.Signal) {
	number, ok := which.(unix.Signal)
	if !ok {
		return
	}
	signal.Reset(number)
	_ = unix.Kill(unix.Getpid(), number)
}
