"""Nobody dialled twice, nothing lost: whole campaigns under faults and kills, judged by the
simulator's ledger.
"""
