/* SPDX-License-Identifier: GPL-2.0-or-later */
/* argv to exit status; everything else is in cli. */
int main(void)
{
    return 0;
}
