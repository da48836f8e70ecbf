# deserves: everything correct
# why: lines for the shell are not run

# %%
!pip install torch
%pip install numpy
!touch canary_of_the_shell
files = !ls /
%matplotlib inline

# %% the right answers
