package activities

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/mail"
	"duradesk/ticket"
)

// ownID is the Message-ID of a mail of ours.
var ownID = strings.Trim(keys.MessageID(mail.KindReply, deliveryID, "desk.example"), "<>")

// toReplyAddress is a client's answer to a signed address.
func toReplyAddress(raw string) string {
	return strings.Replace(raw, "To: support@desk.example", "To: "+keys.ReplyAddress("support@desk.example", "token"), 1)
}

func TestWhereAMailBelongs(t *testing.T) {
	t.Parallel()
	ours := ticket.FoundTicket{Number: 1042, Desk: "support", Participant: true}
	stranger := ticket.FoundTicket{Number: 1042, Desk: "support"}
	elsewhere := ticket.FoundTicket{Number: 1042, Desk: "repair", Participant: true}
	for what, c := range map[string]struct {
		raw   string
		found map[string]ticket.FoundTicket
		// what comes of it
		number ticket.Number
		why    mail.Why
		kind   ticket.Kind
		fate   string
		suspi  any
	}{
		"a first mail": {raw: letter("a", "Printer", "x"), why: mail.WhyNothing, kind: ticket.ClientReply, fate: "message"},
		"an answer to our mail": {
			raw: letter("a", "Re: Printer", "x", "References: <"+ownID+">"), found: map[string]ticket.FoundTicket{deliveryID: ours},
			number: 1042, why: mail.WhyOwnID, kind: ticket.ClientReply, fate: "message",
		},
		"an answer to our mail from another address": {
			raw: letter("a", "Re: Printer", "x", "In-Reply-To: <"+ownID+">"), found: map[string]ticket.FoundTicket{deliveryID: stranger},
			number: 1042, why: mail.WhyOwnID, kind: ticket.ClientReply, fate: "message",
		},
		"an answer that claims an id of ours with a forged signature": {
			raw: letter("a", "Re: Printer", "x", "In-Reply-To: <"+strings.Replace(ownID, ".k-", ".k-x", 1)+">"), found: map[string]ticket.FoundTicket{deliveryID: ours},
			why: mail.WhyNothing, kind: ticket.ClientReply, fate: "message",
		},
		"a reply address": {
			raw: toReplyAddress(letter("a", "other subject", "x")), found: map[string]ticket.FoundTicket{"token": ours},
			number: 1042, why: mail.WhyToken, kind: ticket.ClientReply, fate: "message",
		},
		"a continuation of the client's own mail": {
			raw: letter("a", "one more thing", "x", "References: <earlier@client.example>"), found: map[string]ticket.FoundTicket{"earlier@client.example": ours},
			number: 1042, why: mail.WhyForeignID, kind: ticket.ClientReply, fate: "message",
		},
		"a number by a participant": {
			raw: letter("a", "[#1042] Printer", "x"), found: map[string]ticket.FoundTicket{"#1042": ours},
			number: 1042, why: mail.WhyNumber, kind: ticket.ClientReply, fate: "message",
		},
		"a number by a stranger": {
			raw: letter("a", "[#1042] Printer", "x"), found: map[string]ticket.FoundTicket{"#1042": stranger},
			why: mail.WhyStranger, kind: ticket.ClientReply, fate: "message", suspi: int64(1042),
		},
		"a number of another desk's ticket": {
			raw: letter("a", "[#1042] Printer", "x"), found: map[string]ticket.FoundTicket{"#1042": elsewhere},
			why: mail.WhyUnknownHint, kind: ticket.ClientReply, fate: "message",
		},
		"an answer to another desk's mail": {
			raw: letter("a", "Re: Printer", "x", "References: <"+ownID+">"), found: map[string]ticket.FoundTicket{deliveryID: elsewhere},
			number: 1042, why: mail.WhyOwnID, kind: ticket.ClientReply, fate: "message",
		},
		"an absence note on a ticket": {
			raw: letter("a", "Out of office", "x", "Auto-Submitted: auto-replied", "In-Reply-To: <"+ownID+">"), found: map[string]ticket.FoundTicket{deliveryID: ours},
			number: 1042, why: mail.WhyOwnID, kind: ticket.AutomaticMail, fate: "automatic",
		},
		"a monitoring mail": {
			raw: letter("a", "disk full", "x", "Auto-Submitted: auto-generated"), why: mail.WhyNothing, kind: ticket.ClientReply, fate: "automatic",
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newBox()
			b.mails[1], b.found.Tickets = c.raw, c.found
			b.watch(t)
			f := b.of(1)
			require.Equal(t, c.fate, f.Fate)
			require.NotNil(t, f.Order)
			require.Equal(t, c.number, f.Order.Number)
			require.Equal(t, c.kind, f.Order.Kind)
			require.Equal(t, string(c.why), f.Evidence["why"])
			require.Equal(t, c.suspi, f.Evidence["may_belong_to"])
			require.Equal(t, c.number == 0, f.Order.Opening != nil, "a mail that belongs nowhere opens a ticket")
			if c.suspi != nil {
				require.Equal(t, c.suspi, f.Order.Opening.Fields["may_belong_to"])
			}
		})
	}
}

func TestOnlyAPersonsFirstMailMayBeAcknowledged(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		lines []string
		mute  bool
	}{
		"a person":                   {nil, false},
		"a null sender":              {[]string{"Return-Path: <>"}, true},
		"a machine":                  {[]string{"Auto-Submitted: auto-generated"}, true},
		"a list":                     {[]string{"List-Id: <news.client.example>", "Precedence: bulk"}, true},
		"a wish to be left in peace": {[]string{"X-Auto-Response-Suppress: All"}, true},
	} {
		b := newBox()
		b.mails[1] = letter("a", "Printer", "x", c.lines...)
		b.watch(t)
		o := b.of(1).Order
		require.NotNil(t, o, what)
		require.Equal(t, c.mute, o.Params.Reply.Mute, what)
	}
}

func TestWhatAnOrderHolds(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.mails[1] = letter("a", "Re: =?utf-8?B?44OX44Oq44Oz44K/44O8?=", "It does not print.\r\n\r\n> On Monday Sato wrote:\r\n> Please restart.", "Cc: boss@client.example")
	b.watch(t)
	o := b.of(1).Order
	require.Equal(t, "mail:m1:7:1", o.ID)
	require.Equal(t, ticket.Actor{Kind: ticket.ActorClient}, o.By, "who he is, is found in the same transaction")
	require.Equal(t, &ticket.Client{Name: "Yamada", Email: "yamada@client.example", Access: "none"}, o.Writer)
	require.Equal(t, "プリンター", o.Opening.Title)
	require.Equal(t, "ja", o.Opening.Language)
	require.Equal(t, "support", o.Opening.Desk)
	require.Equal(t, "m1", o.Opening.Mailbox, "its own mail leaves through the mailbox that it came to")
	require.Equal(t, "a@client.example", o.Message.MailID)
	require.Equal(t, []string{"support@desk.example"}, o.Message.To)
	require.Equal(t, []string{"boss@client.example"}, o.Message.Cc)
	require.Len(t, o.Message.Raw, 32)
	require.Contains(t, o.Message.Body, "It does not print.")
}

func TestTitlesOfMailsWithoutASubject(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ subject, body, title string }{
		{"", "The   printer\r\nis broken", "The printer is broken"},
		{"", "", "(no subject)"},
		{"Re: AW: Fwd: Printer", "x", "Printer"},
		{strings.Repeat("long ", 100), "x", ""},
	} {
		b := newBox()
		b.mails[1] = letter("a", c.subject, c.body)
		b.watch(t)
		title := b.of(1).Order.Opening.Title
		require.LessOrEqual(t, len([]rune(title)), 200)
		if c.title != "" {
			require.Equal(t, c.title, title)
		}
	}
}

func TestWhateverLiesInAMailboxGetsAFate(t *testing.T) {
	t.Parallel()
	for what, raw := range map[string]string{
		"nothing": "", "a line end": "\r\n", "no headers": "\r\nhello", "no from": "Subject: x\r\n\r\nhello", "bytes": "\x00\xff\xfe\x80",
		"a from that is none": "From: <>\r\n\r\nx", "an endless header": "Subject: " + strings.Repeat("x", 1<<20) + "\r\n\r\nx",
	} {
		b := newBox()
		b.mails[1] = raw
		b.watch(t)
		require.NotEmpty(t, b.of(1).Fate, what)
		require.NotNil(t, b.of(1).Order, what)
	}
}

// The receiving host that the mailbox names says whether a From is what it claims; what others say counts for nothing.
func TestAForgedFromCannotUseANumber(t *testing.T) {
	t.Parallel()
	for results, number := range map[string]ticket.Number{
		"mx.desk.example; dmarc=fail header.from=client.example": 0, "mx.desk.example; dmarc=pass header.from=client.example": 1042,
		"mx.attacker.example; dmarc=pass header.from=client.example": 1042, // not our host: the participant check alone decides
	} {
		b := newBox()
		b.settings.Authserv = "mx.desk.example"
		b.mails[1] = letter("a", "[#1042] Printer", "x", "Authentication-Results: "+results)
		b.found.Tickets["#1042"] = ticket.FoundTicket{Number: 1042, Desk: "support", Participant: true}
		b.watch(t)
		require.Equal(t, number, b.of(1).Order.Number, results)
		if number == 0 {
			require.Equal(t, string(mail.WhyForged), b.of(1).Evidence["why"])
			require.Equal(t, int64(1042), b.of(1).Order.Opening.Fields["may_belong_to"])
		}
	}
}
