"""Pledges and donations of enterprises, foundations, universities and people."""
