package activities

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/mail"
	"duradesk/ticket"
)

// dsn is a delivery status report about a mail of ours.
type dsn struct {
	to      string // the desk's address where empty
	envid   string
	id      string // Message-ID of the mail that it gives back
	action  string
	status  string
	subject string
}

func (d dsn) String() string {
	to, subject, envid := orText(d.to, "support@desk.example"), orText(d.subject, "Undelivered Mail Returned to Sender"), ""
	if d.envid != "" {
		envid = "Original-Envelope-Id: " + d.envid + "\r\n"
	}
	return "From: MAILER-DAEMON@mx.example\r\nTo: " + to + "\r\nSubject: " + subject + "\r\nReturn-Path: <>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--b\r\n" +
		"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n" + envid + "\r\nFinal-Recipient: rfc822; yamada@client.example\r\nAction: " + d.action +
		"\r\nStatus: " + d.status + "\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <" + d.id + ">\r\n\r\n--b--\r\n"
}

func TestAReportChangesSomethingOnlyWithAProof(t *testing.T) {
	t.Parallel()
	forged := strings.Replace(ownID, ".k-", ".k-x", 1)
	for what, c := range map[string]struct {
		raw   string
		proof any
		hard  bool
		fate  string
	}{
		"signed Message-ID":             {dsn{id: ownID, action: "failed", status: "5.1.1"}.String(), proofID, true, "bounce"},
		"signed address":                {dsn{to: keys.BounceAddress("support@desk.example", deliveryID), id: "lost@x", action: "failed", status: "5.1.1"}.String(), proofAddress, true, "bounce"},
		"envelope id":                   {dsn{envid: deliveryID, id: "lost@x", action: "failed", status: "5.1.1"}.String(), proofEnvelope, true, "bounce"},
		"full mailbox":                  {dsn{id: ownID, action: "failed", status: "5.2.2"}.String(), proofID, false, "bounce"},
		"policy":                        {dsn{id: ownID, action: "failed", status: "5.7.1"}.String(), proofID, false, "bounce"},
		"delayed":                       {dsn{id: ownID, action: "delayed", status: "4.4.1", subject: "Delayed Mail"}.String(), proofID, false, "bounce"},
		"forged signature":              {dsn{id: forged, action: "failed", status: "5.1.1"}.String(), nil, false, "bounce"},
		"the id alone without its sign": {dsn{id: "t." + deliveryID + "@desk.example", action: "failed", status: "5.1.1"}.String(), nil, false, "bounce"},
		"forged address":                {dsn{to: "support+b.aaaaaaaaaaaaaaaaaaaaaaaaaa.k-aaaaaaaaaaaaaaaa@desk.example", id: "x@x", action: "failed", status: "5.1.1"}.String(), nil, false, "bounce"},
		"somebody else's mail":          {dsn{id: "other@client.example", action: "failed", status: "5.1.1"}.String(), nil, false, "bounce"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newBox()
			b.mails[1] = c.raw
			b.found.Tickets[deliveryID] = ticket.FoundTicket{Number: 1042, Desk: "support"}
			b.watch(t)
			f := b.of(1)
			require.Equal(t, c.fate, f.Fate)
			require.Equal(t, c.proof, f.Evidence["proof"])
			if c.proof == nil {
				require.Empty(t, f.Bounces)
				require.Nil(t, f.Order, "it is filed in the ledger, opens nothing and joins nothing")
				return
			}
			require.Len(t, f.Bounces, 1)
			require.Equal(t, deliveryID, f.Bounces[0].Delivery)
			require.Equal(t, "yamada@client.example", f.Bounces[0].Address)
			require.Equal(t, c.hard, f.Bounces[0].Hard)
			require.Equal(t, ticket.Number(1042), f.Order.Number, "it stands beside the mail that it speaks of")
			require.Equal(t, ticket.AutomaticMail, f.Order.Kind)
			require.Equal(t, ticket.System, f.Order.By)
			require.Nil(t, f.Order.Opening)
		})
	}
}

func TestAReportAboutAMailThatIsNotKnownOpensNothing(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.mails[1] = dsn{id: ownID, action: "failed", status: "5.1.1"}.String()
	b.watch(t)
	require.Equal(t, "bounce", b.of(1).Fate)
	require.Nil(t, b.of(1).Order)
	require.Empty(t, b.of(1).Bounces)
}

func TestReceiptsAreWrittenDownAndFillNoTimeline(t *testing.T) {
	t.Parallel()
	displayed := letter("mdn", "Read: Printer", "x", "MIME-Version: 1.0", "Content-Type: multipart/report; report-type=disposition-notification; boundary=b")
	displayed += "--b\r\nContent-Type: text/plain\r\n\r\nread\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n" +
		"Final-Recipient: rfc822; yamada@client.example\r\nOriginal-Message-ID: <" + ownID + ">\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n"
	for action, raw := range map[string]string{
		"displayed": displayed,
		"delivered": dsn{id: ownID, action: "delivered", status: "2.0.0", subject: "Successful Mail Delivery Report"}.String(),
	} {
		b := newBox()
		b.mails[1] = raw
		b.found.Tickets[deliveryID] = ticket.FoundTicket{Number: 1042, Desk: "support", Participant: true}
		b.watch(t)
		f := b.of(1)
		require.Equal(t, "automatic", f.Fate, action)
		require.Nil(t, f.Order, action)
		require.Len(t, f.Bounces, 1, action)
		require.Equal(t, action, f.Bounces[0].Action)
		require.Equal(t, "yamada@client.example", f.Bounces[0].Address)
	}
}

func TestAComplaintAboutOurMailNamesIt(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.mails[1] = "From: fbl@provider.example\r\nTo: support@desk.example\r\nSubject: complaint\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nspam\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\nUser-Agent: x\r\nOriginal-Rcpt-To: yamada@client.example\r\n\r\n" +
		"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <" + ownID + ">\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
	b.found.Tickets[deliveryID] = ticket.FoundTicket{Number: 1042, Desk: "support"}
	b.watch(t)
	f := b.of(1)
	require.Equal(t, string(mail.SortARF), f.Evidence["class"])
	require.Len(t, f.Bounces, 1)
	require.Equal(t, "complaint", f.Bounces[0].Action)
	require.Equal(t, ticket.AutomaticMail, f.Order.Kind)
}

// Absence notes go to the envelope sender (RFC 3834 §4): the signed address brings them home.
func TestAnAbsenceNoteToTheReturnPathFindsItsTicket(t *testing.T) {
	t.Parallel()
	raw := letter("away", "Out of office", "Until Monday.", "Auto-Submitted: auto-replied", "Return-Path: <>")
	b := newBox()
	b.mails[1] = strings.Replace(raw, "To: support@desk.example", "To: "+keys.BounceAddress("support@desk.example", deliveryID), 1)
	b.found.Tickets[deliveryID] = ticket.FoundTicket{Number: 1042, Desk: "support", Participant: true}
	b.watch(t)
	f := b.of(1)
	require.Equal(t, "automatic", f.Fate)
	require.Equal(t, ticket.Number(1042), f.Order.Number)
	require.Equal(t, ticket.AutomaticMail, f.Order.Kind)
	require.Empty(t, f.Bounces)
}

func TestWhoAnswersOurMailIsReached(t *testing.T) {
	t.Parallel()
	b := newBox()
	b.mails[1] = letter("a", "Re: Printer", "x", "In-Reply-To: <"+ownID+">")
	b.mails[2] = letter("b", "[#1042] Printer", "x")
	b.found.Tickets[deliveryID] = ticket.FoundTicket{Number: 1042, Desk: "support", Participant: true}
	b.found.Tickets["#1042"] = b.found.Tickets[deliveryID]
	b.watch(t)
	require.Equal(t, "yamada@client.example", b.of(1).Reached)
	require.Empty(t, b.of(2).Reached, "a number proves nothing")
}
