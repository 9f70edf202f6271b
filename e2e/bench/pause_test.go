package main

import (
	"slices"
	"testing"
)

func ran(begin, end int, id string) reading {
	return reading{begin: ms(begin), end: ms(end), runs: true, id: id}
}

func stood(begin, end int) reading { return reading{begin: ms(begin), end: ms(end)} }

func TestPausesLieBetweenTheLooksThatSawItRun(t *testing.T) {
	for name, test := range map[string]struct {
		readings []reading
		want     []pause
	}{
		"none":                     {[]reading{ran(0, 1, "7"), ran(2, 3, "7")}, nil},
		"nothing was looked at":    {nil, nil},
		"one look":                 {[]reading{ran(0, 1, "7"), stood(2, 3), ran(4, 5, "8")}, []pause{{ms(0), ms(5), 0}}},
		"three looks":              {[]reading{ran(0, 1, "7"), stood(2, 3), stood(4, 5), stood(6, 7), ran(8, 9, "7")}, []pause{{ms(0), ms(9), ms(3)}}},
		"between two looks":        {[]reading{ran(0, 1, "7"), ran(2, 9, "8"), ran(10, 11, "8")}, []pause{{ms(0), ms(9), 0}}},
		"two":                      {[]reading{ran(0, 1, "7"), stood(2, 3), ran(4, 5, "7"), stood(6, 7), ran(8, 9, "7")}, []pause{{ms(0), ms(5), 0}, {ms(4), ms(9), 0}}},
		"it does not run at first": {[]reading{stood(0, 1), stood(2, 3), ran(4, 5, "7")}, []pause{{ms(0), ms(5), ms(1)}}},
		"it does not come back":    {[]reading{ran(0, 1, "7"), stood(2, 3), stood(4, 5)}, []pause{{ms(0), ms(5), ms(1)}}},
	} {
		if got := pauses(test.readings); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestPausesOfARestartAreApart(t *testing.T) {
	outage := []pause{{begin: ms(100), end: ms(200)}}
	list := []pause{{begin: ms(10), end: ms(30)}, {begin: ms(190), end: ms(900)}, {begin: ms(950), end: ms(990)}, {begin: ms(995), end: ms(999)}}
	apart, with := longest(list, outage)
	if apart != list[2] || with != list[1] {
		t.Errorf("got %v and %v", apart, with)
	}
	if apart, with := longest(nil, outage); apart.took() != 0 || with.took() != 0 {
		t.Errorf("got %v and %v of nothing", apart, with)
	}
}
