package dialect

import (
	"strings"

	"github.com/replssl/replssl/orchestrate/facts"
)

// Hand words statements about a channel for a person to type, as the version of the server understands them. Nothing here is ever sent: the
// default channel is left unnamed where that means the same.
type Hand struct {
	words   words
	channel string
}

// ByHand words statements about a channel; those of a server whose dialect is not known are in the older words.
func (d Dialect) ByHand(channel string) Hand {
	h := Hand{words: d.words, channel: channel}
	if h.words.change == "" {
		h.words = wordsOfMariaDB()
	}
	return h
}

// Start starts threads.
func (h Hand) Start(threads facts.Threads) string { return h.say(h.words.start, threadWord(threads)) }

// Stop stops threads.
func (h Hand) Stop(threads facts.Threads) string { return h.say(h.words.stop, threadWord(threads)) }

// Change sets options, which are given without the word that begins their names: DELAY=0.
func (h Hand) Change(options ...string) string {
	return h.say(h.words.change, " TO "+h.words.option+strings.Join(options, ", "+h.words.option))
}

func threadWord(threads facts.Threads) string {
	switch threads {
	case facts.Threads{Receiver: true}:
		return " IO_THREAD"
	case facts.Threads{Applier: true}:
		return " SQL_THREAD"
	}
	return ""
}

func (h Hand) say(verb, rest string) string {
	if h.channel == "" {
		return verb + rest
	}
	return h.words.onChannel(verb, literal(h.channel), rest).String()
}
