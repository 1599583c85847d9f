-- Prefect's database beside the ledger's.
CREATE DATABASE prefect;
