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

// refuseOurs is ticket.Invalid where an address is one of our own; field is to blame.
func refuseOurs(ctx context.Context, db queryRower, field, address string) error {
	if address == "" {
		return nil
	}
	var ours bool
	if err := db.QueryRow(ctx, `select `+oursSQL("$1::text"), FoldAddress(address)).Scan(&ours); err != nil {
		return fmt.Errorf("ask whether an address is one of our mailboxes: %w", err)
	}
	if !ours {
		return nil
	}
	return &ticket.Error{
		Code: ticket.Invalid, Field: field, Key: "address_of_mailbox", Args: map[string]string{"address": address},
		Message: fmt.Sprintf("%s is a mailbox of this desk: what is sent there would come back as a new ticket", address),
	}
}

// refuseOursLocked is refuseOurs with no rival who makes a mailbox of that address meanwhile.
func refuseOursLocked(ctx context.Context, tx pgx.Tx, field, address string) error {
	if _, err := tx.Exec(ctx, lockAddresses); err != nil {
		return fmt.Errorf("lock addresses: %w", err)
	}
	return refuseOurs(ctx, tx, field, address)
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

// refuseOurClient looks at the client whom a member of staff names in a command; what a mail says of its sender was
// weighed when it came in.
func refuseOurClient(ctx context.Context, tx pgx.Tx, by ticket.Actor, field string, c ticket.Client) error {
	if by.Kind != ticket.ActorAgent {
		return nil
	}
	return refuseOurs(ctx, tx, field, cleanAddress(c.Email))
}
