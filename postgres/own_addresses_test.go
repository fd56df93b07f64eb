package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// blamed is the field and the key of what was refused.
func blamed(t testing.TB, err error) (field, key string) {
	t.Helper()
	var told *ticket.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, ticket.Invalid, told.Code)
	return told.Field, told.Key
}

// Mail to one of our own mailboxes comes back as a ticket: nobody has such an address, and no mailbox has his.
func TestNobodyHasTheAddressOfAMailbox(t *testing.T) {
	t.Parallel()
	q := engine(t)
	ctx := t.Context()
	box, err := q.s.AddMailbox(ctx, salesBox())
	require.NoError(t, err)
	for _, address := range []string{"sales@desk.example", "Sales+sato@Desk.example", "support@desk.example", "SUPPORT+x@desk.example"} {
		field, key := blamed(t, second(q.s.AddAgent(ctx, Person{Key: "mori", Name: "Mori", Email: address, Role: ticket.RoleAgent}, "")))
		require.Equal(t, "/email address_of_mailbox", field+" "+key, address)
		_, key = blamed(t, q.s.EnsureAdmin(ctx, "root", "Root", address))
		require.Equal(t, "address_of_mailbox", key, address)

		p, err := q.s.Agent(ctx, "sato")
		require.NoError(t, err)
		p.Email = address
		field, key = blamed(t, second(q.s.ChangeAgent(ctx, p)))
		require.Equal(t, "/email address_of_mailbox", field+" "+key, address)

		_, _, err = q.Store(ctx, ticket.Order{
			ID: "open", Kind: ticket.Create, By: sato, Opening: &ticket.Opening{Desk: "support", Title: "x", Client: ticket.Client{Email: address}},
		})
		field, key = blamed(t, err)
		require.Equal(t, "/client/email address_of_mailbox", field+" "+key, address)
	}
	_, err = q.s.Agent(ctx, "root")
	require.Equal(t, ticket.NotFound, code(err), "nothing is left of him")

	n := opened(t, q)
	var client string
	require.NoError(t, q.s.pool.QueryRow(ctx, `select client from tickets where number = $1`, n).Scan(&client))
	ours := "sales@desk.example"
	field, key := blamed(t, q.s.ChangeClient(ctx, client, ClientChange{Email: &ours}))
	require.Equal(t, "/email address_of_mailbox", field+" "+key)
	field, key = blamed(t, q.s.ChangeClient(ctx, client, ClientChange{Identities: &[]Identity{{"phone", "123"}, {"mail", ours}}}))
	require.Equal(t, "/identities/1 address_of_mailbox", field+" "+key)

	// Once the mailbox is gone the address is free, and then it is his.
	require.NoError(t, q.s.RemoveMailbox(ctx, box.ID))
	require.NoError(t, q.s.ChangeClient(ctx, client, ClientChange{Email: &ours}))
	field, key = blamed(t, second(q.s.AddMailbox(ctx, salesBox())))
	require.Equal(t, "/address address_of_client", field+" "+key)
	field, key = blamed(t, second(q.s.AddDesk(ctx, Desk{Key: "sales", Name: "Sales", Address: ours})))
	require.Equal(t, "/address address_of_client", field+" "+key)
	requireCount(t, q.s, 0, `select count(*) from desks where key = 'sales'`)
}

func TestNoMailboxHasTheAddressOfAnAgent(t *testing.T) {
	t.Parallel()
	q := engine(t)
	ctx := t.Context()
	for _, email := range []string{"sato@desk.example", "sato+desk@desk.example"} {
		exec(t, q.s, `update agents set email = $1 where key = 'sato'`, email)
		m := salesBox()
		m.Address = "Sato@desk.example"
		field, key := blamed(t, second(q.s.AddMailbox(ctx, m)))
		require.Equal(t, "/address address_of_agent", field+" "+key, email)
		d, err := q.s.Desk(ctx, "support")
		require.NoError(t, err)
		d.Address = "sato@desk.example"
		field, key = blamed(t, second(q.s.ChangeDesk(ctx, d)))
		require.Equal(t, "/address address_of_agent", field+" "+key, email)
	}

	// Whoever has one of our addresses from earlier times can be disabled all the same, and given another.
	exec(t, q.s, `update agents set email = 'support@desk.example' where key = 'sato'`)
	p, err := q.s.Agent(ctx, "sato")
	require.NoError(t, err)
	p.Name = "Sato Hanako"
	require.NoError(t, second(q.s.ChangeAgent(ctx, p)))
	p.Email = "sato@desk.example"
	require.NoError(t, second(q.s.ChangeAgent(ctx, p)))
}
