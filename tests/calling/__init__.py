"""Who may be rung when: whole campaigns, judged by the simulator's ledger and a slow oracle."""
