package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"duradesk/ticket"
)

// Mail to one of our own mailboxes comes back as a ticket, and what that ticket sends comes back again (MAIL §3). So no
// agent and no client has such an address, and no mailbox takes one of theirs.

// lockAddresses lets one at a time say whose an address is. It is taken before any row.
const lockAddresses = `select pg_advisory_xact_lock(hashtextextended('duradesk: addresses', 0))`

// oursSQL asks whether mail to an address comes to one of our own mailboxes, also as stem+anything (RFC 5233).
func oursSQL(address string) string {
	either := fmt.Sprintf(`(lower(%s), regexp_replace(lower(%[1]s), '\+[^@]*@', '@'))`, address)
	return `(exists (select from mailboxes ours where ours.removed_at is null and lower(ours.address) in ` + either + `)
		or exists (select from desks ours where lower(ours.address) in ` + either + `))`
}

func cleanAddress(address string) string { return strings.TrimSpace(clean(address)) }

// ownAddress asks whether an address is one of our own; "" is none.
type ownAddress struct {
	address string
	ours    bool
}

var askOurs = `select ` + oursSQL("$1::text")

// queue asks among other statements.
func (a *ownAddress) queue(b *pgx.Batch) {
	if a.address != "" {
		b.Queue(askOurs, FoldAddress(a.address)).QueryRow(func(row pgx.Row) error { return row.Scan(&a.ours) })
	}
}

// refusal is ticket.Invalid where it is one of our own; field is to blame.
func (a *ownAddress) refusal(field string) error {
	if !a.ours {
		return nil
	}
	return &ticket.Error{
		Code: ticket.Invalid, Field: field, Key: "address_of_mailbox", Args: map[string]string{"address": a.address},
		Message: fmt.Sprintf("%s is a mailbox of this desk: what is sent there would come back as a new ticket", a.address),
	}
}

// refuseOurs is ticket.Invalid where an address is one of our own; field is to blame.
func refuseOurs(ctx context.Context, db queryRower, field, address string) error {
	if address == "" {
		return nil
	}
	asked := ownAddress{address: address}
	if err := db.QueryRow(ctx, askOurs, FoldAddress(address)).Scan(&asked.ours); err != nil {
		return fmt.Errorf("ask whether an address is one of our mailboxes: %w", err)
	}
	return asked.refusal(field)
}

// refuseOursLocked is refuseOurs for an agent's address, with no rival who makes a mailbox of that address meanwhile.
func refuseOursLocked(ctx context.Context, tx pgx.Tx, address string) error {
	if _, err := tx.Exec(ctx, lockAddresses); err != nil {
		return fmt.Errorf("lock addresses: %w", err)
	}
	return refuseOurs(ctx, tx, "/email", address)
}

// refuseTheirs is ticket.Invalid where mail to an agent or a client would come to the mailbox of that address.
func refuseTheirs(ctx context.Context, db queryRower, address string) error {
	var agent, client string
	err := db.QueryRow(ctx, `select
			coalesce((select min(key) from agents where $1 in (lower(email), regexp_replace(lower(email), '\+[^@]*@', '@'))), ''),
			coalesce((select min(client) from identities where kind = 'mail' and (value = $1 or value like $2 and regexp_replace(value, '\+[^@]*@', '@') = $1)), '')`,
		address, likeStem(address)).Scan(&agent, &client)
	if err != nil {
		return fmt.Errorf("ask whose an address is: %w", err)
	}
	switch {
	case agent != "":
		return &ticket.Error{
			Code: ticket.Invalid, Field: "/address", Key: "address_of_agent", Args: map[string]string{"address": address, "key": agent},
			Message: fmt.Sprintf("%s is the address of the agent %q: mail that tells him something would be taken in as a client's", address, agent),
		}
	case client != "":
		return &ticket.Error{
			Code: ticket.Invalid, Field: "/address", Key: "address_of_client", Args: map[string]string{"address": address, "id": client},
			Message: fmt.Sprintf("%s is the address of the client %s: answers to him would come back as new tickets", address, client),
		}
	}
	return nil
}

// likeStem is the pattern of all sub-addresses of a mailbox.
func likeStem(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(local) + `+%@` + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(domain)
}

// ownClient asks of the client whom a member of staff names in a command; what a mail says of its sender was weighed when it
// came in.
func ownClient(by ticket.Actor, c ticket.Client) ownAddress {
	if by.Kind != ticket.ActorAgent {
		return ownAddress{}
	}
	return ownAddress{address: cleanAddress(c.Email)}
}
