package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const salesAddress = "sales@desk.example"

// duradesk runs a command of administration against the desk.
func (d *desk) duradesk(args ...string) (string, error) {
	d.t.Helper()
	cmd := d.command(args...)
	cmd.Env = append(cmd.Env, "DURADESK_BASE_URL="+d.settings["DURADESK_BASE_URL"], "DURADESK_BOOTSTRAP_TOKEN="+d.settings["DURADESK_BOOTSTRAP_TOKEN"])
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (d *desk) mustDuradesk(args ...string) string {
	d.t.Helper()
	out, err := d.duradesk(args...)
	require.NoError(d.t, err, out)
	return out
}

// A mailbox is added while the desk runs, tried, changed, compared with its ledger, and removed; whoever it has written
// to and could not reach may be reached again.
func mailboxesByCommand(t *testing.T, d *desk) {
	t.Helper()
	imap, smtp := d.settings["DURADESK_IMAP_ADDR"], d.settings["DURADESK_SMTP_ADDR"]
	out, err := d.duradesk("mailbox", "add", salesAddress, "--desk", "support", "--imap", imap, "--imap-tls", "none", "--smtp", smtp, "--smtp-tls", "none", "--login", "password")
	require.Error(t, err)
	require.Contains(t, out, "login.password: \"password\" is needed")
	start := time.Now()
	d.mustDuradesk("mailbox", "add", salesAddress, "--desk", "support", "--imap", imap, "--imap-tls", "none", "--smtp", smtp, "--smtp-tls", "none", "--login", "password", "--password", "wrong", "--from-start")
	out, err = d.duradesk("mailbox", "test", salesAddress)
	require.Error(t, err)
	require.Contains(t, out, "IMAP: The server refused the login")
	require.Contains(t, out, "SMTP: It works.")
	d.mustDuradesk("mailbox", "set", salesAddress, "--password", "demo", "--poll-seconds", "5", "--subaddress")
	require.Contains(t, d.mustDuradesk("mailbox", "test", salesAddress), "IMAP: It works. 0 mails; abilities: IDLE")

	d.send(letter{name: "Buyer", from: "buyer@client.example", to: salesAddress, subject: "An offer, please", body: "How much is it?"})
	v := d.admin().awaitTitle("An offer, please")
	t.Logf("a mailbox that was added answers after %v", time.Since(start))
	ack := d.awaitMail("buyer@client.example", 1)
	require.Contains(t, ack.header("From"), salesAddress, "answers leave where the mail came to")
	require.Contains(t, strings.Join(strings.Fields(d.mustDuradesk("mailbox", "ls")), " "), salesAddress+" support polling")

	// A ticket that follows it up when it is closed is answered from there too.
	d.admin().command(v.Number, "close", nil)
	d.send(ack.reply(letter{name: "Buyer", from: "buyer@client.example", body: "One more question."}))
	follow := d.awaitMail("buyer@client.example", 2)
	require.Contains(t, follow.header("From"), salesAddress)

	var boxes struct {
		Items []struct{ ID, Address string }
	}
	d.admin().read("/mailboxes", &boxes)
	for _, b := range boxes.Items {
		type comparison struct {
			Even     bool
			OnServer int `json:"on_server"`
		}
		compared := eventually(t, patience, b.Address+" and its ledger say the same", func() (comparison, bool) {
			var got comparison
			r := d.admin().call(http.MethodPost, "/mailboxes/"+b.ID+"/reconcile", nil)
			good := r.status == http.StatusOK && json.Unmarshal(r.body, &got) == nil && got.Even
			return got, good
		})
		require.Positive(t, compared.OnServer)
	}
	d.mustDuradesk("mailbox", "rm", salesAddress)
	require.NotContains(t, d.mustDuradesk("mailbox", "ls"), salesAddress)
	out, err = d.duradesk("mailbox", "test", salesAddress)
	require.Error(t, err)
	require.Contains(t, out, "there is no mailbox")
}

// addressesAreCleared: the address whose mail came back is on the list, until somebody says that it works.
func addressesAreCleared(t *testing.T, d *desk, address string, number int64) {
	t.Helper()
	var list struct {
		Items []struct {
			Address, Why, Status string
			Number               int64
		}
	}
	d.admin().read("/undeliverable", &list)
	require.Len(t, list.Items, 1)
	require.Equal(t, address, list.Items[0].Address)
	require.Equal(t, number, list.Items[0].Number)
	require.Equal(t, http.StatusNoContent, d.admin().call(http.MethodDelete, "/undeliverable/"+address, nil).status)
	before := len(d.inbox(address))
	d.send(letter{name: "Client", from: address, subject: "I am back", body: "Hello."})
	d.awaitMail(address, before+1)
}
