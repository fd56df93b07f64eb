package api

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// unread is a record whose tickets cannot be read now.
type unread struct{ Reader }

func (unread) Ticket(context.Context, ticket.Number) (ticket.Record, error) {
	return ticket.Record{}, ErrStoreAway
}

func TestAReceiptOfATicketThatCannotBeReadIsNotCalledMissing(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	sato, lead := f.tokenOf(t, "sato", scopeRead, scopeAct), f.tokenOf(t, "lead", scopeRead)
	call(t, door, sato, "POST", "/api/v1/tickets/1042/note", `{"id":"n1","message":{"body":"x"}}`).is(t, 200)
	o := f.options()
	o.Reader = unread{f}
	door = New(o)
	call(t, door, lead, "GET", "/api/v1/receipts/n1", "").is(t, 503, "store-away")
	r := call(t, door, sato, "GET", "/api/v1/receipts/n1", "")
	r.is(t, 200)
	require.Nil(t, r.at("ticket"), "his own receipt is there without it")
}

// unknown is a queue that cannot say now what was stored.
type unknown struct{ Queue }

func (unknown) Receipt(context.Context, ticket.Actor, string) (ticket.Receipt, error) {
	return ticket.Receipt{}, ErrStoreAway
}

// TestARepetitionThatNobodyCanLookUpIsNotRefused: it was stored while its wake time had not passed; who hears 503 asks again,
// who hears 422 takes it for not stored.
func TestARepetitionThatNobodyCanLookUpIsNotRefused(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	body := `{"id":"h","hold":{"reason":"scheduled","until":"` + f.now.Add(time.Minute).Format(time.RFC3339) + `"}}`
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", body).is(t, 200)
	f.now = f.now.Add(time.Hour)
	o := f.options()
	o.Queue = unknown{f}
	call(t, New(o), bootstrap, "POST", "/api/v1/tickets/1042/hold", body).is(t, 503, "store-away")
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", body).is(t, 200)
	other := strings.Replace(body, `"h"`, `"i"`, 1)
	call(t, door, bootstrap, "POST", "/api/v1/tickets/1042/hold", other).is(t, 422, "invalid")
}

// TestWhoWasAnswered202WaitsAtTheReceipt: as it stands, and to who prefers to wait, when it is done.
func TestWhoWasAnswered202WaitsAtTheReceipt(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	f.idle = true
	sato, lead := f.tokenOf(t, "sato", scopeRead, scopeAct), f.tokenOf(t, "lead", scopeRead)
	there := call(t, door, sato, "POST", "/api/v1/tickets/1042/note", `{"id":"n 1/é","message":{"body":"x"}}`, "Prefer", "wait=0").Header.Get("Location")
	r := call(t, door, sato, "GET", there, "")
	r.is(t, 200)
	require.Equal(t, "pending", r.at("outcome"))
	require.Empty(t, r.Header.Get("Preference-Applied"))
	require.Zero(t, f.awaitEnds, "nothing is waited for unless asked")

	answers := make(chan reply, 2)
	for _, who := range []string{sato, lead} {
		go func() {
			r, _ := send(door, who, "GET", there, "", "Prefer", "wait=30")
			answers <- r
		}()
	}
	require.Eventually(t, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.waiting == 2
	}, 10*time.Second, time.Millisecond)
	f.work()
	for range 2 {
		r := <-answers
		r.is(t, 200)
		require.Equal(t, "applied", r.at("outcome"))
		require.Equal(t, r.at("revision"), r.at("ticket", "revision"), "the ticket is that of after the wait")
		require.Equal(t, "wait=30", r.Header.Get("Preference-Applied"))
	}
}

func TestAnAddressWithCharactersThatNoNameHasIsNotFound(t *testing.T) {
	t.Parallel()
	f, door := fresh(t)
	for _, id := range []string{"a", "\x00", "\xff"} {
		f.receipts["agent:admin "+id] = &stored{receipt: ticket.Receipt{ID: id, Number: 1042, By: "agent:admin", Outcome: ticket.Applied}}
	}
	call(t, door, bootstrap, "GET", "/api/v1/receipts/a", "").is(t, 200)
	for _, id := range []string{"%00", "%ff", "%2500", "%25ff"} {
		call(t, door, bootstrap, "GET", "/api/v1/receipts/"+id, "").is(t, 404, "not-found")
	}
}
