package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/e2e/wire"
	"duradesk/postgres/cluster"
)

// ground starts every part by hand, with a wire before each that is called by others.
func (c *chaos) ground(t *testing.T, env []string) {
	t.Helper()
	if c.disks == "" {
		c.disks = t.TempDir()
	}
	ports := freePorts(t, 6) // where wires begin, and where those listen to whom they lead
	elsewhere := map[string][]string{partTemporal: {ports[1]}}
	var database *cluster.Cluster
	none := &desk{t: t}
	c.limbs = none.limbs(c.disks, elsewhere, func(p *cluster.Cluster) { database = p })
	c.starts(t, partPostgres)
	dsn, err := url.Parse(database.DSN())
	require.NoError(t, err)
	c.lay(t, wirePostgres, ports[0], dsn.Host)
	dsn.Host = ports[0]
	c.desk = startDeskWith(t, append(env, "DURADESK_DATABASE_URL="+dsn.String(), "TEMPORAL_ADDRESS="+ports[2]),
		"--without", partMail, "--without", partWorker, "--without", partAPI)
	*none = *c.desk
	elsewhere[partAPI] = []string{"DURADESK_HTTP_ADDR=" + ports[3]}
	elsewhere[partMail] = []string{"DURADESK_SMTP_ADDR=" + ports[4], "DURADESK_IMAP_ADDR=" + ports[5]}
	c.lay(t, wireTemporal, ports[2], ports[1])
	c.lay(t, wireHTTP, c.settings["DURADESK_HTTP_ADDR"], ports[3])
	c.lay(t, wireSMTP, c.settings["DURADESK_SMTP_ADDR"], ports[4])
	c.lay(t, wireIMAP, c.settings["DURADESK_IMAP_ADDR"], ports[5])
	for _, part := range []string{partTemporal, partMail, partWorker, partAPI} {
		c.starts(t, part)
	}
	c.awaitAPI()
	c.pool = c.record()
}

func (c *chaos) lay(t *testing.T, name, from, to string) {
	t.Helper()
	w, err := wire.Lay(t.Context(), from, to)
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.Close() })
	c.wires[name] = w
}

func (c *chaos) starts(t *testing.T, part string) {
	t.Helper()
	require.NoError(t, c.limbs[part].start())
	t.Cleanup(func() {
		c.limbs[part].thaw()
		if part == partPostgres || part == partTemporal {
			c.limbs[part].kill()
			return
		}
		c.limbs[part].end()
	})
}

// hire makes somebody on the staff, in both desks.
func (c *chaos) hire(key, role string) *caller {
	c.t.Helper()
	if key == "sato" { // the first: there is no second desk yet
		r := c.admin().call(http.MethodPost, "/desks", object{"key": "works", "name": "Works", "kind": "issue", "groups": []string{"support"}})
		require.Equal(c.t, http.StatusCreated, r.status, r)
	}
	r := c.admin().call(http.MethodPost, "/agents", object{
		"key": key, "name": key, "email": key + "@staff.example", "role": role, "groups": []string{"support"}, "desks": []string{"support", "works"},
	})
	require.Equal(c.t, http.StatusCreated, r.status, r)
	return c.token(object{"agent": key, "scopes": []string{"tickets:read", "tickets:act"}})
}

func (d *desk) token(body object) *caller {
	d.t.Helper()
	r := d.admin().call(http.MethodPost, "/tokens", body)
	require.Equal(d.t, http.StatusCreated, r.status, r)
	var made struct {
		Token string `json:"token"`
	}
	require.NoError(d.t, json.Unmarshal(r.body, &made))
	return &caller{d: d, token: made.Token}
}

// opens has each client open a ticket by mail, and the first of them come in at the portal.
func (c *chaos) opens() {
	c.t.Helper()
	for i := range stormClients {
		c.send(letter{name: fmt.Sprint("Client ", i), from: stormClient(i), subject: fmt.Sprint("Storm ", i), body: "Please help."})
	}
	for i := range stormClients {
		n := c.admin().awaitTitle(fmt.Sprint("Storm ", i)).Number
		c.numbers, c.clients[i].own = append(c.numbers, n), n
		c.awaitMail(stormClient(i), 1)
	}
	c.hub = c.admin().newTicket("The hub", "hub@client.example")
	var v struct {
		Client struct {
			ID string `json:"id"`
		} `json:"client"`
	}
	c.admin().read(ticketPath(c.numbers[0]), &v)
	r := c.admin().call(http.MethodPut, "/clients/"+v.Client.ID+"/access", object{"access": "portal"})
	require.Equal(c.t, http.StatusOK, r.status, r)
	c.atThePortal = c.person("portal", c.token(object{"client": v.Client.ID, "scopes": []string{"tickets:read", "tickets:reply"}}), 0)
	c.atThePortal.own = c.numbers[0]
}

const stormClients = 8

func stormClient(i int) string { return fmt.Sprintf("storm%d@client.example", i) }
