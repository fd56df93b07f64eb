package activities

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// from is a letter of somebody else.
func from(writer, mail string) string {
	return strings.ReplaceAll(mail, "yamada@client.example", writer+"@client.example")
}

func TestMailsOfStrangersAreSettledAtTheSameTime(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.mails[1], b.mails[2] = from("a", letter("a1", "one", "1")), from("b", letter("a2", "two", "2"))
	met := make(chan struct{})
	b.settle = func(f ticket.Fate) error { // each waits for the other
		select {
		case met <- struct{}{}:
		case <-met:
		case <-time.After(20 * time.Second):
			return errors.New("the other one waits until this is settled")
		}
		return nil
	}
	b.watch(t)
	require.Equal(t, []string{"message", "message"}, []string{b.of(1).Fate, b.of(2).Fate})
}

func TestMailsThatMayKnowEachOtherKeepTheirOrder(t *testing.T) {
	t.Parallel()
	first := letter("a1", "Printer", "It does not print.")
	for name, second := range map[string]string{
		"the same again":        "Received: on another way\r\n" + first,
		"the same writer":       letter("a2", "Fax", "Neither."),
		"an answer to it":       from("b", letter("a2", "Fax", "Neither.", "In-Reply-To: <a1@client.example>")),
		"another, by a third":   from("b", letter("a2", "Fax", "Neither.", "References: <a0@client.example>")),
		"the same Message-ID":   from("b", letter("a1", "Fax", "Neither.")),
		"the same ticket named": from("b", letter("a2", "[#1042] Fax", "Neither.")),
	} {
		m := &Mailboxes{Keys: keys}
		var letters []opened
		for i, raw := range []string{first, from("c", letter("c", "stranger", "c")), second, from("d", letter("d", "[#1042] x", "d", "References: <a0@client.example> <a1@client.example>"))} {
			letters = append(letters, m.parse(t.Context(), newBox().settings, ticket.Received{UID: uint32(i), Raw: []byte(raw), Digest: [32]byte{byte(i)}}, 1))
		}
		var uids [][]uint32
		for _, lane := range lanes(letters) {
			uids = append(uids, nil)
			for _, l := range lane {
				uids[len(uids)-1] = append(uids[len(uids)-1], l.got.UID)
			}
		}
		require.Equal(t, [][]uint32{{0, 2, 3}, {1}}, uids, name)
	}
}

// A mail that cannot be settled now leaves those that were not begun yet for the next watch; none is lost or doubled.
func TestAfterAFailureNothingIsBegunAnyMore(t *testing.T) {
	t.Parallel()
	b := newBox()
	for u := range uint32(40) {
		b.mails[u+1] = from(fmt.Sprint("writer", u%10), letter(fmt.Sprint("a", u), "many", fmt.Sprint(u)))
	}
	b.settle = func(f ticket.Fate) error {
		if f.UID == 1 {
			return errEnd
		}
		return nil
	}
	b.watch(t)
	require.Less(t, len(b.rung), 39)
	require.Empty(t, b.of(1).Fate)
	b.settle = nil
	b.watch(t)
	require.Len(t, b.rung, 40)
	for u := range uint32(40) {
		require.Equal(t, "message", b.of(u+1).Fate)
		require.True(t, b.ledger[fmt.Sprint("7/", u+1)].marked)
	}
}

// What is large is settled before more is held in memory.
func TestLargeMailsAreSettledInSmallerPieces(t *testing.T) {
	t.Parallel()
	b := newBox()
	for u := range uint32(3) {
		b.mails[u+1] = letter(fmt.Sprint("a", u), "large", strings.Repeat(fmt.Sprintf("%078d\r\n", u), pieceBytes/160+1))
	}
	b.watch(t)
	require.Equal(t, []string{"raw 1", "raw 2", "settle 1 message", "settle 2 message", "raw 3", "settle 3 message"},
		slicesOnly(b.steps, "raw", "settle"))
}

func slicesOnly(steps []string, kinds ...string) []string {
	var out []string
	for _, s := range steps {
		for _, kind := range kinds {
			if strings.HasPrefix(s, kind) {
				out = append(out, s)
			}
		}
	}
	return out
}
