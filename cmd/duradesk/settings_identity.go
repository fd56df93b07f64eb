package main

import (
	"fmt"
	"net/netip"

	"duradesk/api"
	"duradesk/ticket"
)

// identitySettings say who may come in, how often, and through which proxies.
type identitySettings struct {
	PerToken     float64  `name:"rate-per-token" env:"DURADESK_RATE_PER_TOKEN" default:"1000" help:"Requests a second that each token and session may send to each API process; 0: no limit."`
	TokenBurst   int      `name:"rate-per-token-burst" env:"DURADESK_RATE_PER_TOKEN_BURST" default:"2000" help:"Requests that a token or session may send at once after some quiet."`
	PerAddress   float64  `name:"rate-per-address" env:"DURADESK_RATE_PER_ADDRESS" default:"50" help:"Requests a second from each address that nobody is signed in for (logins, unknown tokens); 0: no limit."`
	AddressBurst int      `name:"rate-per-address-burst" env:"DURADESK_RATE_PER_ADDRESS_BURST" default:"200" help:"The same, at once after some quiet."`
	Proxies      []string `name:"trusted-proxies" env:"DURADESK_TRUSTED_PROXIES" help:"Addresses or networks (10.0.0.0/8), by commas, of proxies whose X-Forwarded-For is believed."`
	FactorRoles  []string `name:"second-factor-roles" env:"DURADESK_SECOND_FACTOR_ROLES" enum:"agent,lead,admin" help:"Roles, by commas, that are let in with a second factor only: agent, lead, admin."`
}

// apply puts the settings into the door's options.
func (s identitySettings) apply(o *api.Options) error {
	o.PerToken, o.PerAddress = api.Rate{PerSecond: s.PerToken, Burst: s.TokenBurst}, api.Rate{PerSecond: s.PerAddress, Burst: s.AddressBurst}
	for _, p := range s.Proxies {
		if _, err := netip.ParsePrefix(p); err == nil {
			continue
		}
		if _, err := netip.ParseAddr(p); err != nil {
			return fmt.Errorf("DURADESK_TRUSTED_PROXIES: %q is no address and no network such as 10.0.0.0/8", p)
		}
	}
	o.Proxies = s.Proxies
	for _, name := range s.FactorRoles {
		role, err := ticket.ParseRole(name)
		if err != nil {
			return fmt.Errorf("DURADESK_SECOND_FACTOR_ROLES: %w", err)
		}
		o.FactorRoles = append(o.FactorRoles, role)
	}
	return nil
}
