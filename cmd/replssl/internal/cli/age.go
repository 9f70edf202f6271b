package cli

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// age is a flag's length of time that may be given in days, as certificates live: 30d.
type age time.Duration

const day = 24 * time.Hour

func (a *age) String() string {
	switch d := time.Duration(*a); {
	case d == 0:
		return ""
	case d%day == 0:
		return strconv.Itoa(int(d/day)) + "d"
	default:
		return d.String()
	}
}

// Type is what messages and completions know the flag by.
func (*age) Type() string { return "age" }

var errNoAge = errors.New("no length of time")

// Set takes days, or what Go takes.
func (a *age) Set(text string) error {
	var length time.Duration
	var err error
	if days, is := strings.CutSuffix(text, "d"); is {
		var n int
		n, err = strconv.Atoi(days)
		length = time.Duration(n) * day
		if n > maxDays {
			err = errNoAge
		}
	} else {
		length, err = time.ParseDuration(text)
	}
	if err != nil || length <= 0 {
		return errNoAge
	}
	*a = age(length)
	return nil
}
