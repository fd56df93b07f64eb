package api

import (
	"context"
	"testing"

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
