// IKEv2
