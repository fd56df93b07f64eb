package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A mail that its server took comes back: who sent it sees why, the address gets no automatic mail any more, and a
// forged report changes nothing.
func TestBouncedMail(t *testing.T) {
	t.Parallel()
	d := startDesk(t)
	client := "gone@client.example"
	d.send(letter{name: "Client", from: client, subject: "Before I go", body: "Hello."})
	v := d.admin().awaitTitle("Before I go")
	agent := d.admin().staff("sato", "Sato")
	agent.command(v.Number, "resolve", object{"message": says("Done.")})
	answer := d.awaitMail(client, 2)
	require.Contains(t, answer.header("Return-Path"), "support+b.", "reports come to an address that names the mail")

	report := func(id, to string) {
		raw := "From: MAILER-DAEMON@mx.example\r\nTo: " + to + "\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: <dsn." + strings.Trim(id, "<>") + ">\r\nMIME-Version: 1.0\r\n" +
			"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--b\r\n" +
			"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; " + client + "\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n" +
			"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: " + id + "\r\n\r\n--b--\r\n"
		require.NoError(t, d.trySend(letter{null: true, to: to}, []byte(raw)))
		fate := d.awaitFate("dsn." + strings.Trim(id, "<>"))
		require.Equal(t, "bounce", fate.Fate)
	}
	shown := func() deliveryView {
		for _, item := range agent.timeline(v.Number) {
			if item.Type == "message" && len(item.Delivery) > 0 {
				return item.Delivery[0]
			}
		}
		return deliveryView{}
	}
	report(strings.Replace(answer.header("Message-Id"), "@", "x@", 1), deskAddress)
	require.Equal(t, "accepted", shown().State, "a report with a forged id")
	require.Len(t, d.admin().list(""), 1, "and it opens nothing")

	report("<lost@mx.example>", bare(answer.header("Return-Path")))
	bounced := eventually(t, patience, "the message shows that it came back", func() (deliveryView, bool) {
		s := shown()
		return s, s.State == "bounced"
	})
	require.Contains(t, *bounced.Reason, "5.1.1")
	eventually(t, patience, "somebody must look", func() ([]ticketView, bool) {
		found := d.admin().list("view=attention")
		return found, len(found) == 1 && found[0].Number == v.Number
	})
	require.Len(t, d.admin().list(""), 1)

	d.send(letter{name: "Client", from: client, subject: "Another one", body: "Hello again."})
	other := d.admin().awaitTitle("Another one")
	names := ""
	for _, item := range d.admin().timeline(other.Number) {
		if item.Event != nil {
			names += fmt.Sprintf("%s %s;", item.Event.Name, item.Event.Cause.Why)
		}
	}
	require.Contains(t, names, "not_acknowledged address_undeliverable")
	require.Len(t, d.inbox(client), 2)
	addressesAreCleared(t, d, client, v.Number)
	mailboxesByCommand(t, d)
	realReports(t, d)
}
